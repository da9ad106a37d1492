package cli_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cutover/internal/release"
)

// shadowOf is a release that only compares. The sample says its version in
// every answer and shows it on its page: differences that do not count.
func shadowOf(version string) string {
	return `
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-` + version + `-shadow, app: shop}
spec:
  from: v1
  to: ` + version + `
  strategy:
    type: shadow
    shadow: {share: 100%, atLeast: 100ms, samples: 500, ignore: ["$.version", "GET / body"]}
  ready: {within: 60s, settle: 100ms}
  checks: {smoke: [{http: /health}]}
`
}

func TestAShadowComparesSaysWhatDiffersAndLeavesTheOldVersion(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write("v2s.yaml", shadowOf("v2"))
	h.write("v3s.yaml", shadowOf("v3"))
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	crowd := h.crowd(120)
	same := h.must(0, "deploy", "-f", "app.yaml", "-f", "v2s.yaml")
	if !strings.Contains(same, "no difference beyond the noise of the old version") {
		t.Errorf("a version that is the same is reported so:\n%s", same)
	}
	v := h.view("shop-v2-shadow")
	if v.State.Phase != release.Compared || v.State.Rejected {
		t.Errorf("it came to %s, rejected %t", v.State.Word(), v.State.Rejected)
	}
	// One in twenty of v3's requests fails, which no smoke check sees.
	bad := h.must(1, "deploy", "-f", "app.yaml", "-f", "v3s.yaml")
	if !strings.Contains(bad, "status: another value, 500 instead of 200") {
		t.Errorf("a version that fails is reported so:\n%s", bad)
	}
	if v := h.view("shop-v3-shadow"); v.State.Phase != release.RolledBack || !v.State.Rejected {
		t.Errorf("it came to %s, rejected %t", v.State.Word(), v.State.Rejected)
	}
	report := crowd.finish()
	if len(report.Versions) != 1 || report.Versions["v1"].Requests == 0 {
		t.Errorf("users met %v, want v1 alone", report.Versions)
	}
	await(t, "the shadows are gone", func() bool { return len(h.instances()) == 2 })
}

func TestARecordingHoldsRequestsAndPlaysThemToBothVersions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	crowd := h.crowd(100)
	tape := filepath.Join(h.home, "tape.jsonl")
	said := h.must(0, "record", "shop", tape, "--for", "2s", "--share", "50")
	crowd.finish()
	text, err := os.ReadFile(tape)
	if err != nil {
		t.Fatal(err)
	}
	count := strings.Count(string(text), "\n")
	if count < 10 || !strings.Contains(said, fmt.Sprintf("%d requests of shop", count)) {
		t.Errorf("%d requests are recorded; it says %s", count, said)
	}
	if strings.Contains(string(text), "POST") {
		t.Error("a write is recorded")
	}
	trial := newSpare(t)
	played := h.must(0, "replay", tape, "--old", trial.addr, "--new", trial.addr, "--rate", "500")
	if !strings.Contains(played, fmt.Sprintf("%d answers compared", count)) || !strings.Contains(played, "no difference beyond the noise") {
		t.Errorf("of %d requests it says\n%s", count, played)
	}
	h.must(2, "replay", tape)
	h.must(2, "record", "shop")
}

// spareApp is an app for a rehearsal, which nobody has deployed.
type spareApp struct {
	addr string
	mu   sync.Mutex
	got  []string
}

func newSpare(t *testing.T) *spareApp {
	r := &spareApp{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		r.got = append(r.got, q.Method+" "+q.URL.Path+" "+string(body))
		r.mu.Unlock()
		fmt.Fprint(w, "the same for all")
	}))
	t.Cleanup(s.Close)
	r.addr = strings.TrimPrefix(s.URL, "http://")
	return r
}

// count returns how many requests with that in them have come.
func (r *spareApp) count(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, one := range r.got {
		n += strings.Count(one, what)
	}
	return n
}

func TestWritesAreRecordedWithoutSecretsAndPlayedOnlyWhereNobodyIsServed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	users, leave := context.WithCancel(t.Context())
	var gone sync.WaitGroup
	defer gone.Wait()
	defer leave()
	gone.Go(func() {
		for users.Err() == nil {
			for kind, body := range map[string]string{"application/json": `{"title":"fine","login":{"Password":"hunter2"},"pet":"hunter2"}`,
				"application/x-www-form-urlencoded": "title=fine&csrf_token=hunter2&pet=hunter2", "text/plain": "hunter2"} {
				q, err := http.NewRequestWithContext(users, "POST", "http://"+h.listen+"/items?token=hunter2", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				q.Header.Set("Content-Type", kind)
				q.Header.Set("Cookie", "sid=hunter2")
				if res, err := http.DefaultClient.Do(q); err == nil {
					res.Body.Close()
				}
			}
		}
	})
	tape := filepath.Join(h.home, "tape.jsonl")
	said := h.must(0, "record", "shop", tape, "--for", "3s", "--share", "100", "--methods", "get,post", "--mask-field", "pet")
	leave()
	gone.Wait()
	text, err := os.ReadFile(tape)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hunter2") || !strings.Contains(string(text), "title=fine") || !strings.Contains(said, "cannot be read and so not be masked") {
		t.Fatalf("it says %s, and the file begins with\n%s", said, text[:min(len(text), 2000)])
	}
	if info, err := os.Stat(tape); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has %v, %v", info.Mode(), err)
	}
	h.refusesToPlay(tape)
	old, fresh := newSpare(t), newSpare(t)
	if out := h.must(0, "replay", tape, "--old", old.addr, "--new", fresh.addr, "--rate", "2000"); !strings.Contains(out, "requests that write were left out") || old.count("POST")+fresh.count("POST") > 0 {
		t.Errorf("without --writes it says %s", out)
	}
	h.must(2, "replay", tape, "--old", old.addr, "--new", old.addr, "--writes")
	out := h.must(0, "replay", tape, "--old", old.addr, "--new", fresh.addr, "--rate", "2000", "--writes")
	count := strings.Count(string(text), `"method":"POST"`)
	if old.count("POST") != count || fresh.count("POST") != count || fresh.count(`"Password":"masked"`) == 0 || !strings.Contains(out, "no difference") {
		t.Errorf("of %d writes they got %d and %d; it says %s", count, old.count("POST"), fresh.count("POST"), out)
	}
}

// refusesToPlay demands that nothing is played to what serves, by whatever name.
func (h *house) refusesToPlay(tape string) {
	h.t.Helper()
	spare := newSpare(h.t.(*testing.T))
	_, port, err := net.SplitHostPort(h.listen)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, addr := range []string{h.listen, "localhost:" + port, "0.0.0.0:" + port} {
		if out := h.must(2, "replay", tape, "--old", spare.addr, "--new", addr); !strings.Contains(out, "is the front of shop, where users are answered") {
			h.t.Errorf("%s is refused so: %s", addr, out)
		}
	}
	instance := h.view("shop-v1").World.Traffic.Sides.Blue.Endpoints[0].Addr
	if out := h.must(2, "replay", tape, "--old", instance, "--new", spare.addr); !strings.Contains(out, "is an instance of shop on blue, where users are answered") {
		h.t.Errorf("%s is refused so: %s", instance, out)
	}
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(h.t, "v2 is the private side", func() bool {
		w := h.view("shop-v2").World
		return w.Traffic.Private == release.Green && len(w.Traffic.Sides.Green.Endpoints) > 0 && w.Traffic.Sides.Green.Weight > release.None
	})
	green := h.view("shop-v2").World.Traffic.Sides.Green.Endpoints[0].Addr
	h.must(0, "replay", tape, "--old", green, "--new", green, "--rate", "2000")
	if out := h.must(2, "replay", tape, "--old", green, "--new", spare.addr, "--writes"); !strings.Contains(out, "shares its state with what users have") {
		h.t.Errorf("%s is refused so: %s", green, out)
	}
	if spare.count("/") > 0 {
		h.t.Error("something was played all the same")
	}
}
