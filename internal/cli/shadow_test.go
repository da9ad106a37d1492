package cli_test

import (
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
