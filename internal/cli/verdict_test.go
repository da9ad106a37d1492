package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"cutover/internal/api"
	"cutover/internal/demo/load"
	"cutover/internal/release"
)

const shakyApp = `
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web:
      command: ["${SHAKY}", "--port", "{{port}}", "--version", "{{version}}", "--outage", "${HOME}/outage"]
      health: {path: /health, every: 100ms}
  traffic: {listen: "${LISTEN}", affinity: {cookie: sid}}
`

// shakyRelease brings v2 in with some flags more, by a strategy.
const shakyRelease = `
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to:
    version: v2
    command: ["${SHAKY}", "--port", "{{port}}", "--version", "{{version}}", "--outage", "${HOME}/outage"%s]
  strategy: %s
  ready: {within: 60s, settle: 100ms}
  checks: {smoke: [{http: /health}]}
`

// The strategies: one stays at a twentieth until something happens, the other
// goes as fast as the evidence.
const (
	watchful = `{pace: adaptive, steps: [5, 100], hold: {atLeast: 1h, atMost: 2h}}`
	brisk    = `{pace: adaptive, steps: [5, 25, 100], hold: {atLeast: 1s}, soak: {atLeast: 1s}}`
)

// shaky is a house in which v1 of the shaky app serves many users.
func shaky(t testing.TB, rate float64) (*house, crowd) {
	h := newHouse(t)
	h.write("app.yaml", shakyApp)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	if rate == 0 {
		return h, crowd{}
	}
	c, err := load.Start(load.Options{URL: "http://" + h.listen, Rate: rate, Anonymous: 0.2, Connections: 64, Users: 2000, UserCookie: "sid",
		Paths: []string{"/"}, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop(context.Background()) })
	await(t, "a record of v1", func() bool { return c.Snapshot().Requests.Answered > uint64(4*rate) })
	return h, crowd{c, h}
}

// bring begins the release to v2.
func (h *house) bring(strategy string, flags ...string) {
	h.t.Helper()
	more := ""
	for _, f := range flags {
		more += fmt.Sprintf(", %q", f)
	}
	h.write("v2.yaml", fmt.Sprintf(shakyRelease, more, strategy))
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
}

// standsAt waits until v2 holds a share of the traffic.
func (h *house) standsAt(share release.Weight) {
	h.t.Helper()
	await(h.t, "v2 holds "+share.String(), func() bool {
		v := h.view("shop-v2")
		return v.State.Held && v.World.Traffic.Sides.Green.Weight == share
	})
}

// verdictWait bounds the wait for what takes evidence: some times the median,
// since the draw may be unlucky and the machine busy.
const verdictWait = 3 * time.Minute

// untilView waits for a release to be in some state.
func (h *house) untilView(what string, holds func(api.View) bool) api.View {
	h.t.Helper()
	var v api.View
	if !within(verdictWait, func() bool { v = h.view("shop-v2"); return holds(v) }) {
		h.t.Fatalf("waited %s in vain: %s; it is %s: %v", verdictWait, what, v.State.Word(), v.Explanation.Waits)
	}
	return v
}

func rolledBack(v api.View) bool { return v.State.Phase == release.RolledBack }

// takenBack waits for v2 to be taken back and returns how long users had it,
// counted from when the front was seen to send them there.
func (h *house) takenBack(c crowd, reason string) time.Duration {
	h.t.Helper()
	v := h.untilView("rolled back", rolledBack)
	if !strings.Contains(v.State.Reason, reason) {
		h.t.Errorf("it was taken back because %q, want %q in it", v.State.Reason, reason)
	}
	took := c.LastSeen("v2").Sub(h.recorded("shop-v2", "reached"))
	h.t.Logf("users had v2 for %s: %s", took.Round(time.Millisecond), v.State.Reason)
	return took
}

func TestAVersionThatFailsATwentiethOfItsRequestsIsTakenBackByEvidence(t *testing.T) {
	t.Parallel()
	h, users := shaky(t, 100)
	h.bring(watchful, "--fails", "0.05")
	h.takenBack(users, "of 1,000 needed")
	told := h.must(0, "report", "shop")
	for _, want := range []string{"outcome   rolled-back: verdict failing: green ", "of 1,000 needed to take it back", "Split: the share", "Errors: the share",
		"99 % of the answers took at most", "Evidence, by its logarithm", "against │", "accepted = answered + client gone + lost"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is missing in\n%s", want, told)
		}
	}
}

func TestAVersionThatIsTwiceAsSlowIsTakenBack(t *testing.T) {
	t.Parallel()
	h, users := shaky(t, 100)
	h.bring(watchful, "--median", "40ms")
	h.takenBack(users, "latency: green half within")
}

func TestAnOutageOfBothVersionsPausesAndTakesNothingBack(t *testing.T) {
	t.Parallel()
	h, _ := shaky(t, 100)
	h.bring(watchful)
	h.standsAt(500)
	outage := h.write("outage", "the database is away")
	v := h.untilView("paused", func(v api.View) bool { return v.State.Halt != nil || rolledBack(v) })
	if v.State.Phase != release.Shifting || !strings.Contains(v.State.Halt.Reason, "both versions have too many errors") {
		t.Fatalf("it is %s: %s", v.State.Word(), v.State.Reason)
	}
	out := h.must(3, "explain", "shop")
	for _, want := range []string{"paused in shifting", "both versions have too many errors", "going back would not help", "cutover resume shop-v2", "bad of"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if err := os.Remove(outage); err != nil {
		t.Fatal(err)
	}
	h.untilView("over", func(v api.View) bool { return v.World.Verdict.Kind != release.BothFailing })
	h.must(0, "resume", "shop")
	if v := h.view("shop-v2"); v.State.Phase != release.Shifting {
		t.Errorf("it is %s", v.State.Word())
	}
}

func TestWithoutTrafficAReleaseSaysWhatItWaitsForAndPauses(t *testing.T) {
	t.Parallel()
	h, _ := shaky(t, 0)
	h.bring(`{pace: adaptive, steps: [50, 100], hold: {atLeast: 1s, atMost: 5s}}`)
	h.standsAt(5000)
	await(t, "it says what is missing", func() bool {
		_, out := h.run("explain", "shop")
		return strings.Contains(out, "green has had no requests")
	})
	v := h.untilView("paused", func(v api.View) bool { return v.State.Halt != nil })
	if v.State.Step != 0 || !strings.Contains(v.State.Halt.Reason, "no sufficient evidence after 5s") {
		t.Errorf("it is %s: %s", v.State.Word(), v.State.Halt.Reason)
	}
}

func TestOneClientWhoseRequestsAllFailIsNoReasonToTakeAVersionBack(t *testing.T) {
	t.Parallel()
	h, _ := shaky(t, 100)
	h.bring(watchful)
	h.standsAt(500)
	sid := h.userOf("v2")
	began := time.Now()
	for sent := 0; sent < 400; sent++ {
		if status, _ := h.visit("/broken", sid); status != 500 {
			t.Fatalf("a broken page answers %d", status)
		}
	}
	t.Logf("400 requests of one client failed within %s", time.Since(began).Round(time.Millisecond))
	var v api.View
	await(t, "the verdict has seen it", func() bool {
		v = h.view("shop-v2")
		e := v.World.Verdict.Evidence
		return e != nil && e.Signals[0].New.Bad >= 400
	})
	if v.State.Phase != release.Shifting || v.World.Verdict.Kind == release.Failing {
		t.Errorf("it is %s, the verdict %s: %s", v.State.Word(), v.World.Verdict.Kind, v.World.Verdict.Reason)
	}
	h.must(0, "abort", "shop")
}

// userOf finds a user who is kept on a version.
func (h *house) userOf(version string) string {
	h.t.Helper()
	for k := range 2000 {
		sid := fmt.Sprintf("visitor-%d", k)
		if _, got := h.visit("/", sid); got == version {
			return sid
		}
	}
	h.t.Fatal("no user is kept on " + version)
	return ""
}

// visit sends one request of a user.
func (h *house) visit(path, sid string) (status int, version string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, "http://"+h.listen+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "sid", Value: sid})
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode, res.Header.Get("X-App-Version")
}

func TestAHealthyVersionArrivesAsSoonAsThereIsEvidenceAndKeepsAShareBackWhileItSoaks(t *testing.T) {
	t.Parallel()
	h, users := shaky(t, 100)
	h.bring(`{pace: adaptive, steps: [25, 100], hold: {atLeast: 8s}, soak: {atLeast: 1s}}`)
	h.standsAt(9500)
	v := h.untilView("in standby", func(v api.View) bool { return v.State.Phase == release.Standby || rolledBack(v) })
	if v.State.Phase != release.Standby {
		t.Fatalf("it is %s: %s", v.State.Word(), v.State.Reason)
	}
	h.standsAt(release.All)
	users.finish()
	t.Logf("it took %s to standby", v.State.EnteredAt.Sub(h.recorded("shop-v2", "reached")).Round(time.Millisecond))
}
