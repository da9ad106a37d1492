package proxy

import (
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	rounds = 5
	// lasts is how long each proxy runs in a round.
	lasts = "2s"
)

// goal is what the data plane should reach, as a share of nginx.
const goal = 0.30

func BenchmarkProxy(b *testing.B) {
	need(b, "wrk", "nginx", "haproxy", "taskset")
	if runtime.NumCPU() < 2 {
		b.Fatal("two cores are needed: one for the proxy, one for the client and the backend")
	}
	dir := b.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { // nginx's workers have a user of their own
		b.Fatal(err)
	}
	backend := startBackend(b, dir)
	fronts := map[string]string{
		"nginx": startNginx(b, dir, backend), "haproxy": startHAProxy(b, dir, backend), "cutover": startCutover(b, backend),
	}
	ratios := map[string][]float64{}
	for b.Loop() {
		for _, addr := range fronts {
			rate(b, addr, "1s") // to warm up
		}
		for round := range rounds {
			seen := map[string]float64{}
			for _, name := range []string{"nginx", "cutover", "haproxy"} {
				seen[name] = rate(b, fronts[name], lasts)
			}
			for name := range seen {
				ratios[name] = append(ratios[name], seen[name]/seen["nginx"])
			}
			b.Logf("round %d: nginx %.0f/s, haproxy %.0f/s, cutover %.0f/s: %.2f x nginx", round+1, seen["nginx"], seen["haproxy"], seen["cutover"], seen["cutover"]/seen["nginx"])
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ratios["cutover"]), "cutover/nginx")
	b.ReportMetric(median(ratios["haproxy"]), "haproxy/nginx")
	b.ReportMetric(goal, "goal")
}

var perSecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)

// rate has wrk ask for a while, as a browser does, and returns how many
// requests a second were answered. An answer that is not 200 is an error.
func rate(b *testing.B, addr, during string) float64 {
	b.Helper()
	out, err := exec.Command("taskset", "-c", clientCore, "wrk", "-t1", "-c64", "-d"+during,
		"-H", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)", "-H", "Accept: text/html,application/xhtml+xml", "-H", "Accept-Language: en",
		"-H", "Cookie: session=0123456789abcdef; theme=dark", "http://"+addr+"/").CombinedOutput()
	if err != nil {
		b.Fatalf("wrk: %v: %s", err, out)
	}
	found := perSecond.FindSubmatch(out)
	if found == nil || strings.Contains(string(out), "Non-2xx") || strings.Contains(string(out), "Socket errors") {
		b.Fatalf("not every request was answered: %s", out)
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil || n == 0 {
		b.Fatalf("wrk said %q", found[1])
	}
	return n
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
