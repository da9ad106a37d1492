package cli_test

import (
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"cutover/internal/testkit"
)

// outsider is the shop, started by somebody else: it knows nothing of cutover.
type outsider struct {
	addr  string
	pid   int
	ended chan struct{}
}

// outsider starts the shop in a version. It is killed when the test ends.
func (h *house) outsider(version string, more ...string) *outsider {
	h.t.Helper()
	o := &outsider{addr: h.loopback(), ended: make(chan struct{})}
	_, port, err := net.SplitHostPort(o.addr)
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(program(h.t, "cutover"), "demo", "shop")
	cmd.Env = append(append(h.env(), "PORT="+port, "CUTOVER_VERSION="+version, "CUTOVER_APP=shop"), more...)
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	o.pid = cmd.Process.Pid
	go func() {
		_ = cmd.Wait()
		close(o.ended)
	}()
	h.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-o.ended
	})
	await(h.t, "the shop outside", func() bool { return answersAt(o.addr) })
	return o
}

func answersAt(addr string) bool {
	resp, err := http.Get("http://" + addr + "/health")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// loopback is an address at 127.0.0.1 where nobody listens.
func (h *house) loopback() string {
	h.t.Helper()
	for {
		_, port, err := net.SplitHostPort(testkit.FreeAddr(h.t))
		if err != nil {
			h.t.Fatal(err)
		}
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port)); err == nil {
			_ = l.Close()
			return l.Addr().String()
		}
	}
}

func (o *outsider) runs() bool {
	select {
	case <-o.ended:
		return false
	default:
		return syscall.Kill(o.pid, 0) == nil
	}
}

// oneInstance is the shop with one instance, which is what runs outside.
func (h *house) oneInstance() {
	h.t.Helper()
	h.write("app.yaml", `
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web: {command: ["${SHOP}", demo, shop], health: {path: /health, every: 100ms}}
  traffic: {listen: "${LISTEN}", streamGrace: 1s, streamSpread: 1s}
`)
}

func TestAnAdoptedProcessIsUpgradedServesAgainAndIsRetired(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.oneInstance()
	h.write("v2.yaml", allAtOnce)
	v1 := h.outsider("v1")
	adopt := []string{"adopt", "-f", "app.yaml", "--version", "v1", "--pid", fmt.Sprint(v1.pid)}
	h.must(0, adopt...)
	h.must(0, adopt...) // harmless
	if out := h.must(0, "status"); !strings.Contains(out, "v1") {
		t.Errorf("status: %s", out)
	}
	crowd := h.crowd(100)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml")
	h.must(0, "rollback", "shop", "-m", "back to what was adopted")
	if !v1.runs() || len(h.instances()) != 0 {
		t.Fatalf("after the rollback v1 runs: %t, others: %v", v1.runs(), h.instances())
	}
	h.must(0, "allow", "shop", "v2")
	h.write("v2.yaml", strings.Replace(allAtOnce, "shop-v2", "shop-v2-again", 1))
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml")
	h.must(0, "retire", "shop")
	await(t, "the end of the adopted process", func() bool { return !v1.runs() })
	r := crowd.finish()
	if r.Versions["v1"].Requests == 0 || r.Versions["v2"].Requests == 0 {
		t.Errorf("%+v", r.Versions)
	}
}

func TestTakingAnAdoptionBackTouchesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.oneInstance()
	v1 := h.outsider("v1")
	h.must(0, "adopt", "-f", "app.yaml", "--version", "v1", "--pid", fmt.Sprint(v1.pid), "--address", v1.addr)
	h.must(0, "down", "--yes")
	if !v1.runs() || !answersAt(v1.addr) {
		t.Fatal("what ran before cutover was stopped by down")
	}
}

func TestWhatCannotBeAdoptedIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.oneInstance()
	v1 := h.outsider("v1")
	silent := testkit.FreeAddr(t)
	pid := fmt.Sprint(v1.pid)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--pid", pid}, "--version"},
		{[]string{"--version", "v1"}, "--pid, --unit, --container, or --address"},
		{[]string{"--version", "v1", "--pid", "4194000"}, "there is no process 4194000"},
		{[]string{"--version", "v1", "--pid", "1"}, "process 1 is not an app"},
		{[]string{"--version", "v1", "--pid", pid, "--unit", "shop"}, "say two things at once"},
		{[]string{"--version", "v1", "--pid", pid, "--address", silent}, "does not answer as it should"},
		{[]string{"--version", "v1", "--address", silent}, "does not answer as it should"},
		{[]string{"--version", "v1", "--address", silent, "--address", v1.addr}, "replicas: 1 in its file, and 2 are adopted"},
		{[]string{"--version", "v1", "--unit", "--help", "--address", silent}, "cannot be the name of a unit"},
	} {
		if out := h.must(2, append([]string{"adopt", "-f", "app.yaml"}, c.args...)...); !strings.Contains(out, c.want) {
			t.Errorf("%v: %s; want %q", c.args, out, c.want)
		}
	}
	h.must(0, "adopt", "-f", "app.yaml", "--version", "v1", "--address", v1.addr)
	if out := h.must(2, "adopt", "-f", "app.yaml", "--version", "v1", "--pid", pid); !strings.Contains(out, "serves already") {
		t.Errorf("adopted twice: %s", out)
	}
}
