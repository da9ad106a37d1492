package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	played := h.must(0, "replay", tape, "--old", h.listen, "--new", h.listen, "--rate", "500")
	if !strings.Contains(played, fmt.Sprintf("%d answers compared", count)) || !strings.Contains(played, "no difference beyond the noise") {
		t.Errorf("of %d requests it says\n%s", count, played)
	}
	h.must(2, "replay", tape)
	h.must(2, "record", "shop")
}
