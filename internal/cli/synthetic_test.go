package cli_test

import (
	"fmt"
	"strings"
	"testing"

	"cutover/internal/api"
	"cutover/internal/release"
)

// probedRelease brings v2 in, with checks of its own and some flags more.
const probedRelease = `
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  to:
    version: v2
    command: ["${SHAKY}", "--port", "{{port}}", "--version", "{{version}}"%s]
  strategy: {pace: adaptive, steps: [50, 100], hold: {atLeast: 1s, atMost: 1h}, soak: {atLeast: 1s, atMost: 1h}}
  ready: {within: 60s, settle: 100ms}
  guard: {slower: any, margin: 20%%, minRequests: 20}
  checks: {smoke: [{http: /health}]%s}
`

// deserted is a house in which v1 of the shaky app serves nobody, and v2 comes
// in.
func deserted(t *testing.T, checks, flags string) *house {
	t.Helper()
	h, _ := shaky(t, 0)
	text := fmt.Sprintf(probedRelease, flags, checks)
	h.write("v2.yaml", text)
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	return h
}

func TestABadVersionThatNoUserMeetsIsTakenBackBySyntheticRequests(t *testing.T) {
	t.Parallel()
	h := deserted(t, ", synthetic: {requests: [/], rate: 10/s, block: 500ms}", `, "--fails", "0.7"`)
	await(t, "it says why nothing is sent at first", func() bool {
		_, out := h.run("status", "shop")
		return strings.Contains(out, "synthetic  none sent: users are being counted") || strings.Contains(out, "synthetic: ")
	})
	v := h.untilView("rolled back", rolledBack)
	for _, want := range []string{"verdict failing: synthetic: green ", " errors in ", " requests, blue 0 in ", "of 4,000 needed"} {
		if !strings.Contains(v.State.Reason, want) {
			t.Errorf("it was taken back because %q, want %q in it", v.State.Reason, want)
		}
	}
	if ledger := v.State.LedgerAt(v.World.Traffic); ledger.Blue.Accepted+ledger.Green.Accepted > 0 {
		t.Errorf("synthetic requests are in the ledger: %+v", ledger)
	}
}

func TestAGoodVersionThatNoUserMeetsGoesOnBySyntheticRequestsWhereAsked(t *testing.T) {
	t.Parallel()
	h := deserted(t, ", synthetic: {requests: [/], rate: 10/s, promotes: true}", "")
	v := h.untilView("in standby", func(v api.View) bool { return v.State.Phase == release.Standby || rolledBack(v) })
	if v.State.Phase != release.Standby {
		t.Fatalf("it is %s: %s", v.State.Word(), v.State.Reason)
	}
	if !strings.Contains(v.State.Reason, "synthetic: green 0 errors in ") {
		t.Errorf("it went on because %s", v.State.Reason)
	}
	await(t, "it says that nothing is sent any more", func() bool {
		_, out := h.run("status", "shop")
		return strings.Contains(out, "synthetic  at rest")
	})
}

func TestAGoodVersionThatNoUserMeetsWaitsWhereNobodyLetSyntheticRequestsPromote(t *testing.T) {
	t.Parallel()
	h := deserted(t, ", synthetic: {requests: [/], rate: 10/s}", "")
	v := h.untilView("sure of itself", func(v api.View) bool {
		y := v.World.Verdict.Synthetic
		return y != nil && y.Kind == release.Healthy || v.State.Step > 0 || rolledBack(v)
	})
	now := v.World.Verdict
	if v.State.Phase != release.Shifting || v.State.Step != 0 || now.Kind != release.NotEnough || now.Requests > 0 || now.Synthetic.StandsIn {
		t.Fatalf("it is %s: %s; the verdict is %+v", v.State.Word(), v.State.Reason, now)
	}
	out := h.must(0, "explain", "shop")
	if !strings.Contains(out, "green has had no requests") || !strings.Contains(out, "errors in") {
		t.Errorf("it explains\n%s", out)
	}
}
