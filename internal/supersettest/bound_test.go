//go:build superset

package superset_test

import (
	"strings"
	"testing"
)

func TestASectionTakesThePlaceOfTheEarlierOneOnItsHop(t *testing.T) {
	first, second, behind := hop{from: "4.0.2", to: "4.1.2"}, hop{from: "4.1.2", to: "5.0.0"}, hop{from: "4.0.2", to: "4.1.2", nginx: true}
	report := ""
	for _, part := range []struct {
		of   hop
		says string
	}{{second, "b"}, {first, "a"}, {behind, "n"}, {second, "later"}} {
		report = bound(report, part.of, "## "+part.of.String()+"\n\n"+part.says+"\n")
	}
	want := title + "\n## 4.0.2 to 4.1.2\n\na\n\n## 4.0.2 to 4.1.2 behind nginx\n\nn\n\n## 4.1.2 to 5.0.0\n\nlater\n"
	if report != want || strings.Count(report, "# Superset") != 1 {
		t.Errorf("%s", report)
	}
}
