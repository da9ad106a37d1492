package nginx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"cutover/internal/durable"
	"cutover/internal/release"
)

// file is cutover's file as it is on disk.
type file struct {
	path    string
	content []byte
	exists  bool
	// route is the one it was written for; none if it is the user's first,
	// which serves nobody.
	route  served
	routed bool
}

// readFile reads cutover's file. One that is not cutover's is an error: it is
// not overwritten.
func readFile(path string) (file, error) {
	f := file{path: path}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("read nginx's file of cutover: %w", err)
	}
	f.content, f.exists = content, true
	text := string(content)
	if strings.TrimSpace(text) == "" {
		return f, nil
	}
	if !strings.HasPrefix(text, head) {
		return f, fmt.Errorf("%s was not written by cutover and is left alone: name another file in spec.traffic.nginx.file, or begin it with %q", path, head)
	}
	for line := range strings.Lines(text) {
		if word, ok := strings.CutPrefix(line, statePart); ok {
			f.route, err = decode(strings.TrimSpace(word))
			f.routed = err == nil
			if err != nil {
				return f, fmt.Errorf("%s is damaged: %w: remove it, the next order writes it anew", path, err)
			}
			break
		}
	}
	return f, nil
}

// fileMode lets nginx's master read the file whoever it is. It holds addresses
// and no secret.
const fileMode = 0o644

func (f file) replace(text string) error {
	if err := durable.WriteFile(f.path, []byte(text), fileMode); err != nil {
		return fmt.Errorf("write nginx's file of cutover: %w: create the folder %s, and let the user of cutover write there", err, filepath.Dir(f.path))
	}
	return nil
}

// restore puts back what was there before.
func (f file) restore() error {
	if f.exists {
		if err := durable.WriteFile(f.path, f.content, fileMode); err != nil {
			return fmt.Errorf("put nginx's file of cutover back: %w", err)
		}
		return nil
	}
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove nginx's file of cutover again: %w", err)
	}
	return nil
}

// testFor bounds nginx's own test, which may resolve names.
const testFor = 30 * time.Second

// program is the path of nginx.
func program(n release.Nginx) (string, error) {
	name := n.Binary
	if name == "" {
		name = "nginx"
	}
	path, err := exec.LookPath(name)
	if err != nil && n.Binary == "" {
		// Ordinary users do not have it in their path.
		path, err = exec.LookPath("/usr/sbin/nginx")
	}
	if err != nil {
		return "", fmt.Errorf("find the program of nginx: %w: correct spec.traffic.nginx.binary, or install nginx", err)
	}
	return path, nil
}

// run runs the program with the user's configuration and returns what it says.
func run(ctx context.Context, n release.Nginx, flags ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, testFor)
	defer cancel()
	path, err := program(n)
	if err != nil {
		return "", err
	}
	if n.Config != "" {
		flags = append(flags, "-c", n.Config)
	}
	cmd := exec.CommandContext(ctx, path, flags...)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// test has nginx judge its configuration with cutover's file in it.
func test(ctx context.Context, n release.Nginx) error {
	out, err := run(ctx, n, "-t", "-q")
	if err != nil {
		return fmt.Errorf("nginx refuses its configuration (nginx -t): %w: %s", err, complaint(out))
	}
	return nil
}

// complaint is the line that matters of what nginx says.
func complaint(out string) string {
	last := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "[emerg]") {
			return line
		}
		if line != "" {
			last = line
		}
	}
	return last
}
