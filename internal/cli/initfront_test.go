package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/testkit/haproxy"
	"cutover/internal/testkit/nginx"
)

// rewrite replaces words of a file in the home, and demands that each is there.
func (h *house) rewrite(name string, words ...string) string {
	h.t.Helper()
	path := filepath.Join(h.home, name)
	text, err := os.ReadFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(words); i += 2 {
		if !strings.Contains(string(text), words[i]) {
			h.t.Fatalf("%q is not in %s:\n%s", words[i], name, text)
		}
		text = []byte(strings.ReplaceAll(string(text), words[i], words[i+1]))
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// begin writes the first files of the shop behind a front, and lints them.
func (h *house) begin(front string) {
	h.t.Helper()
	args := []string{"init", "--app", "shop", "--command", program(h.t, "cutover") + " demo shop", "--health", "/health", "--listen", h.listen, "--front", front}
	if out := h.must(0, args...); !strings.Contains(out, "cutover.yaml") {
		h.t.Errorf("it says %q", out)
	}
	h.must(2, args...) // they are here already
	if out := h.must(0, "lint"); !strings.Contains(out, front+" cannot do all") || strings.Contains(out, "error:") {
		h.t.Errorf("lint says %q", out)
	}
}

func TestTheFirstFilesBehindNginxServeUsersAsTheyAre(t *testing.T) {
	t.Parallel()
	s, h := nginx.Start(t), newHouse(t)
	h.listen = s.Listen
	h.begin("nginx")
	h.rewrite("cutover.yaml", "/etc/nginx/cutover/shop.conf", s.File, "/var/log/nginx/cutover-shop.log", s.Log,
		`proof: "127.0.0.1:8099"`, `proof: "`+s.Proof+`", config: `+s.Config+`, pid: `+s.PID)
	own := h.rewrite("nginx-shop.conf", "/etc/nginx/cutover/shop.conf", s.File, "/var/log/nginx/cutover-shop.log", s.Log)
	first, err := os.ReadFile(filepath.Join(h.home, "cutover-shop.conf"))
	if err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if err := os.WriteFile(s.File, first, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Only("include " + own + ";")
	s.Run()
	h.must(0, "deploy")
	await(t, "users to be served", func() bool { return answersAt(s.Listen) })
}

func TestTheFirstFilesBehindHAProxyServeUsersAsTheyAre(t *testing.T) {
	t.Parallel()
	s, h := haproxy.Start(t), newHouse(t)
	h.listen = s.Listen
	h.begin("haproxy")
	places := []string{"/run/haproxy/admin.sock", s.Socket, "/etc/haproxy/cutover/shop.map", s.Map, "/etc/haproxy/cutover/shop.state", s.State}
	h.rewrite("cutover.yaml", places...)
	text, err := os.ReadFile(h.rewrite("haproxy-shop.cfg", places...))
	if err != nil {
		t.Fatal(err)
	}
	s.Kill()
	s.Configure("defaults\n mode http\n timeout connect 5s\n timeout client 120s\n timeout server 120s\n" + string(text))
	s.Run()
	h.must(0, "deploy")
	await(t, "users to be served", func() bool { return answersAt(s.Listen) })
}

func TestAFrontThatNobodyKnowsIsRefusedAndTheEmbeddedOneNeedsNoOtherFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if out := h.must(2, "init", "--front", "apache"); !strings.Contains(out, "embedded, nginx, haproxy") {
		t.Errorf("it says %q", out)
	}
	if out := h.must(2, "init", "--profile", "superset", "--front", "nginx"); !strings.Contains(out, "leave --front out") {
		t.Errorf("it says %q", out)
	}
	if out := h.must(0, "init", "-o", "json"); strings.Contains(out, "files") || !strings.Contains(out, "cutover.yaml") {
		t.Errorf("it says %q", out)
	}
	h.must(2, "init", "--front", "haproxy") // none is written if one is there
	if _, err := os.Stat(filepath.Join(h.home, "haproxy-app.cfg")); err == nil {
		t.Error("one was written all the same")
	}
	if out := h.must(0, "lint"); strings.Contains(out, "error:") {
		t.Errorf("lint says %q", out)
	}
}
