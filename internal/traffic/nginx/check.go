package nginx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"cutover/internal/release"
	"cutover/internal/traffic/sockets"
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
	if err := installed(n); err != nil {
		return err
	}
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
	if err := complete(app, n, text); err != nil {
		return err
	}
	if !have.routed {
		if err := vacant(ctx, app, f); err != nil {
			return err
		}
	}
	if err := sockets.Answers(ctx, f.Listen); err != nil {
		return fmt.Errorf("nginx does not take the requests of users: %w: correct spec.traffic.listen, or write `listen %s;` in its server", err, f.Listen)
	}
	return nil
}

// installed looks for the program and its main file.
func installed(n release.Nginx) error {
	if _, err := program(n); err != nil {
		return err
	}
	if n.Config == "" {
		return nil
	}
	if _, err := os.Stat(n.Config); err != nil {
		return fmt.Errorf("find the configuration of nginx: %w: correct spec.traffic.nginx.config, or leave it out if nginx uses the file it was built with", err)
	}
	return nil
}

// vacant looks whether nginx could open the addresses that cutover's file will
// name. Its own test does not tell.
func vacant(ctx context.Context, app string, f release.Front) error {
	for _, door := range []struct{ addr, key string }{{f.Nginx.Proof, "nginx.proof"}, {f.PrivateListen, "privateGreen"}} {
		if door.addr == "" {
			continue
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", door.addr)
		if err == nil {
			err = l.Close()
		}
		if errors.Is(err, syscall.EADDRINUSE) {
			if _, ours := ask(ctx, f.Nginx, app); ours == nil {
				continue // by an earlier file of cutover's that nginx still serves
			}
		}
		if err != nil {
			return fmt.Errorf("nginx could not listen on %s: %w: choose a free port for spec.traffic.%s", door.addr, err, door.key)
		}
	}
	return nil
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
