package cli_test

import (
	"strings"
	"testing"
	"time"

	"cutover/internal/api"
)

const allAtOnce = `
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  from: v1
  to: v2
  strategy:
    type: blue-green
    hold: {atLeast: 200ms, atLeastRequests: 10, atMost: 10m}
    soak: {atLeast: 200ms, atLeastRequests: 10, atMost: 10m}
  guard: {minRequests: 10}
  ready: {within: 60s, settle: 100ms}
  checks: {smoke: [{http: /health}]}
`

func TestARollbackFromStandbyReachesUsersBeforeAnythingElseIsDone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write("v2.yaml", allAtOnce)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	crowd := h.crowd(100)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml")
	sent := time.Now()
	await(t, "users on v2", func() bool { return crowd.LastSeen("v2").After(sent) })

	h.must(0, "rollback", "shop", "-m", "the users do not like it")
	last := crowd.LastSeen("v2")
	asked := h.recorded("shop-v2", "requested")
	t.Logf("the last request on v2 was sent %s after the rollback was asked for", last.Sub(asked))
	// How many milliseconds that are is for bench/switch to say: here it must
	// be the very next thing that is done, and nobody may be sent there after.
	first, done := h.nextDone("shop-v2", asked)
	if !strings.HasPrefix(first, "route done") {
		t.Errorf("the first thing after the rollback was asked for is %q", first)
	}
	if last.After(done) {
		t.Errorf("a request sent %s after the traffic was back on v1 reached v2", last.Sub(done))
	}
	back := time.Now()
	await(t, "users on v1", func() bool { return crowd.LastSeen("v1").After(back) })
	crowd.finish()
	if n := len(h.instances()); n != 2 {
		t.Errorf("%d instances run, want the 2 of v1", n)
	}
}

// recorded returns when the first event of a type was recorded of a release.
func (h *house) recorded(release, kind string) time.Time {
	h.t.Helper()
	for _, l := range h.lines(release) {
		if l.Type == kind {
			return l.At
		}
	}
	h.t.Fatalf("%s has no event %q", release, kind)
	return time.Time{}
}

// nextDone returns the sentence of the first action that was finished after
// that time, and when it was.
func (h *house) nextDone(name string, after time.Time) (string, time.Time) {
	h.t.Helper()
	for _, l := range h.lines(name) {
		if l.Type == "finished" && l.At.After(after) {
			return l.Text, l.At
		}
	}
	h.t.Fatalf("nothing was done about %s after %s", name, after)
	return "", time.Time{}
}

func (h *house) lines(release string) []api.Line {
	h.t.Helper()
	lines, err := h.client().Lines(h.t.Context(), 0, "", release, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	return lines
}
