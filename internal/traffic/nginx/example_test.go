package nginx_test

import (
	"os"
	"strings"
	"testing"

	"cutover/internal/traffic/nginx"
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
	for line := range strings.Lines(nginx.Starter("shop") + nginx.Example("shop", "127.0.0.1:80", nginx.Standard("shop"))) {
		if line = strings.TrimSpace(line); !shown[line] && (!strings.HasPrefix(line, "#") || strings.HasPrefix(line, "# cutover")) {
			t.Errorf("docs/fronts.md does not show %q", line)
		}
	}
}
