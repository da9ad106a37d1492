package haproxy_test

import (
	"os"
	"strings"
	"testing"

	"cutover/internal/traffic/haproxy"
)

func TestTheDocumentationShowsWhatIsWritten(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/fronts.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		shown[strings.TrimSpace(line)] = true
	}
	for line := range strings.Lines(haproxy.Example("127.0.0.1:80", haproxy.Standard("shop"))) {
		if line = strings.TrimSpace(line); !shown[line] && !strings.HasPrefix(line, "#") {
			t.Errorf("docs/fronts.md does not show %q", line)
		}
	}
}
