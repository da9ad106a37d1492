package nginx

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cutover/internal/release"
)

// Starter is what an app's file has to say before the first release, so that
// the rest of nginx's configuration can name its variable and its log format.
func Starter(app string) string {
	v := variable(app)
	return fmt.Sprintf("%s: nothing is served yet\nmap \"\" $%s { default \"\"; }\nlog_format %s \"\";\n", head, v, v)
}

// Check says why nginx could not serve an app as its front asks: it does not
// run, refuses its configuration, or that lacks what docs/fronts.md shows. It
// changes nothing.
func Check(ctx context.Context, app string, f release.Front) error {
	n := f.Nginx
	if _, err := muster(n); err != nil {
		return err
	}
	have, err := readFile(n.File)
	if err != nil {
		return err
	}
	if !have.exists {
		return fmt.Errorf("%s is missing: write these lines into it, include it within http {} of nginx's configuration, and reload nginx:\n%s", n.File, Starter(app))
	}
	if err := writable(n.File); err != nil {
		return err
	}
	if err := test(ctx, n); err != nil {
		return err
	}
	text, err := run(ctx, n, "-T", "-q")
	if err != nil {
		return fmt.Errorf("nginx does not print its configuration (nginx -T): %w: %s", err, complaint(text))
	}
	return complete(app, n, text)
}

// complete looks for what the user's part of the configuration must have.
func complete(app string, n release.Nginx, text string) error {
	v := variable(app)
	if !strings.Contains(text, "# configuration file "+n.File+":") {
		return fmt.Errorf("nginx's configuration does not include %s: write `include %s;` within http {}", n.File, n.File)
	}
	if !names(text, "proxy_pass", "http://$"+v) {
		return fmt.Errorf("nothing in nginx's configuration sends requests to the app: write `proxy_pass http://$%s;` in its location", v)
	}
	if !names(text, "access_log", n.Log) {
		return fmt.Errorf("nginx does not log to %s: write `access_log %s %s;` in the app's location", n.Log, n.Log, v)
	}
	return nil
}

// names reports whether a directive of the configuration has a first word that
// begins so.
func names(text, directive, word string) bool {
	for line := range strings.Lines(text) {
		for part := range strings.SplitSeq(line, ";") {
			f := strings.Fields(part[strings.LastIndexAny(part, "{}")+1:])
			if len(f) > 1 && f[0] == directive && strings.HasPrefix(f[1], word) {
				return true
			}
		}
	}
	return false
}

// writable reports a folder in which the file cannot be replaced.
func writable(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".cutover-*")
	if err != nil {
		return fmt.Errorf("the file %s cannot be replaced: %w: let the user of cutover write its folder", path, err)
	}
	err = f.Close()
	if gone := os.Remove(f.Name()); err == nil {
		err = gone
	}
	return err
}
