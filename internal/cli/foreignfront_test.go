package cli_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"cutover/internal/testkit"
	"cutover/internal/testkit/haproxy"
	"cutover/internal/testkit/nginx"
)

const foreignApp = `
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web:
      command: ["${SHOP}", demo, shop]
      replicas: 2
      health: {path: /health, every: 100ms}
      stop: {grace: 30s}
  traffic:
    listen: "${LISTEN}"
%s
`

const foreignFirst = `
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v1, app: shop}
spec:
  to: v1
  guard: {slower: any}
  ready: {within: 60s, settle: 100ms}
  checks: {smoke: [{http: /health}]}
`

// foreignRelease is a release to a version, with evidence by requests alone.
const foreignRelease = `
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-%[1]s, app: shop}
spec:
  to: %[1]s
  strategy:
    type: blue-green
    hold: {atLeast: 200ms, atLeastRequests: 10, atMost: 10m}
    soak: {atLeast: 200ms, atLeastRequests: 10, atMost: 10m}
  guard: {minRequests: 10, slower: any}
  ready: {within: 60s, settle: 100ms}
  checks: {smoke: [{http: /health}]}
`

func nginxTraffic(s *nginx.Server) string {
	return fmt.Sprintf("    driver: nginx\n    nginx: {file: %s, log: %s, proof: %q, config: %s, pid: %s}", s.File, s.Log, s.Proof, s.Config, s.PID)
}

func haproxyTraffic(s *haproxy.Server) string {
	return fmt.Sprintf("    driver: haproxy\n    haproxy: {socket: %s, backend: shop, map: %s, state: %s}", s.Socket, s.Map, s.State)
}

func TestAReleaseGoesForwardAndBackBehindNginx(t *testing.T) {
	t.Parallel()
	s := nginx.Start(t)
	// A reload breaks idle connections under the request that follows on them.
	s.Kill()
	s.Configure("keepalive_timeout 0;")
	s.Run()
	h := newHouse(t)
	h.listen = s.Listen
	h.behind(nginxTraffic(s))
}

func TestAReleaseGoesForwardAndBackBehindHAProxy(t *testing.T) {
	t.Parallel()
	s := haproxy.Start(t)
	h := newHouse(t)
	h.listen = s.Listen
	h.behind(haproxyTraffic(s))
}

// behind plays a release and its rollback behind a front end of the user's.
func (h *house) behind(traffic string) {
	h.t.Helper()
	h.write("app.yaml", fmt.Sprintf(foreignApp, traffic))
	h.write("v1.yaml", foreignFirst)
	h.write("v2.yaml", fmt.Sprintf(foreignRelease, "v2"))
	if plan := h.must(0, "plan", "-f", "app.yaml", "-f", "v1.yaml"); !strings.Contains(plan, "[front-limits]") || !strings.Contains(plan, "no shadow") ||
		!strings.Contains(plan, "sticky ") || !strings.Contains(plan, "no ledger") || !strings.Contains(plan, "set it up with ") {
		h.t.Errorf("the plan does not say what the front end cannot do, and how it is best set up:\n%s", plan)
	}
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	crowd := h.crowd(50)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml")
	sent := time.Now()
	await(h.t, "users on v2", func() bool { return crowd.LastSeen("v2").After(sent) })
	h.must(0, "rollback", "shop", "-m", "the users do not like it")
	back := time.Now()
	await(h.t, "users on v1", func() bool { return crowd.LastSeen("v1").After(back) })
	crowd.finish()
}

// occupied is an address that somebody listens on.
func occupied(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", testkit.FreeAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestAFrontEndThatCannotServeIsRefusedWithTheCure(t *testing.T) {
	t.Parallel()
	s, p := nginx.Start(t), haproxy.Start(t)
	h := newHouse(t)
	h.listen = s.Listen
	h.write("v1.yaml", foreignFirst)
	refused := func(traffic string, words ...string) {
		t.Helper()
		h.write("app.yaml", fmt.Sprintf(foreignApp, traffic))
		out := h.must(2, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
		for _, w := range words {
			if !strings.Contains(out, w) {
				t.Errorf("%q is missing in:\n%s", w, out)
			}
		}
	}
	refused(strings.ReplaceAll(haproxyTraffic(p), p.Socket, p.Socket+"x"), "reach HAProxy on", "stats socket")
	refused(strings.ReplaceAll(haproxyTraffic(p), "backend: shop", "backend: mall"), "no backend mall_blue", "docs/fronts.md")
	refused(strings.ReplaceAll(haproxyTraffic(p), p.Map, p.Map+"x"), "no map", "docs/fronts.md")
	refused(strings.ReplaceAll(nginxTraffic(s), s.PID, s.PID+"x"), "is it running?", "nginx.pid")
	refused(strings.ReplaceAll(nginxTraffic(s), s.Log, s.Log+"x"), "does not log to", "access_log")
	refused(strings.ReplaceAll(nginxTraffic(s), s.Config, s.Config+"x"), "find the configuration of nginx", "correct spec.traffic.nginx.config")
	refused(strings.ReplaceAll(nginxTraffic(s), "{file:", "{binary: /nowhere/nginx, file:"), "find the program of nginx", "correct spec.traffic.nginx.binary")
	taken := occupied(t)
	refused(strings.ReplaceAll(nginxTraffic(s), s.Proof, taken), "nginx could not listen on "+taken, "choose a free port for spec.traffic.nginx.proof")
	h.listen = testkit.FreeAddr(t)
	refused(nginxTraffic(s), "nobody takes connections on "+h.listen, "correct spec.traffic.listen")
	refused(haproxyTraffic(p), "nobody takes connections on "+h.listen, "bind "+h.listen)
	h.listen = s.Listen
	p.Kill()
	p.Configure(strings.Replace(p.Text(), "level admin", "level operator", 1))
	p.Run()
	refused(haproxyTraffic(p), "this socket has the level operator", "write `level admin` at its `stats socket`")
	s.Configure("no_such_directive on;")
	refused(nginxTraffic(s), "nginx -t", "no_such_directive")
	s.Exclude()
	refused(nginxTraffic(s), "does not include", "include "+s.File)
	if err := os.Remove(s.File); err != nil {
		t.Fatal(err)
	}
	refused(nginxTraffic(s), "is missing: write these lines", "map \"\" $cutover_shop")
	h.write("v1.yaml", strings.Replace(foreignFirst, "guard: {slower: any}", "strategy: {type: shadow}", 1))
	refused(haproxyTraffic(p), "HAProxy does not tell how long", "slower: any", "cannot copy requests", "remove the shadow")
	refused(nginxTraffic(s)+"\n    limits: {body: 1MiB}\n    haproxy: {socket: /s, backend: shop, map: /m}",
		"set it up in the configuration of nginx", "driver is nginx", "cannot copy requests")
}
