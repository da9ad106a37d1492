package dockerd

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Image makes the image name:tag, once, of a Go program that is built
// statically, and returns its ID. The program is the image's entry point; mark
// is a file in the image, by which one is told from another.
func (s *Server) Image(t testing.TB, name, pkg, mark string) string {
	t.Helper()
	s.Socket(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	program, err := s.build(pkg)
	if err != nil {
		t.Fatalf("build %s for an image: %v", pkg, err)
	}
	if err := s.load(name, program, mark); err != nil {
		t.Fatalf("make the image %s: %v", name, err)
	}
	id, err := s.id(name)
	if err != nil {
		t.Fatalf("look for the image %s: %v", name, err)
	}
	return id
}

// build returns the static binary of a package, which is built once.
func (s *Server) build(pkg string) (string, error) {
	program := s.file("program-" + strings.ReplaceAll(pkg, "/", "-"))
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return program, nil
}

// load makes an image of two files.
func (s *Server) load(name, program, mark string) error {
	binary, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, file := range []struct {
		name string
		mode int64
		data []byte
	}{{"app", 0o755, binary}, {"mark", 0o644, []byte(mark)}} {
		if err := w.WriteHeader(&tar.Header{Name: file.name, Mode: file.mode, Size: int64(len(file.data))}); err != nil {
			return err
		}
		if _, err := w.Write(file.data); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	repo, tag, _ := strings.Cut(name, ":")
	query := url.Values{"fromSrc": {"-"}, "repo": {repo}, "tag": {tag}, "changes": {`ENTRYPOINT ["/app"]`}}
	answer, err := s.do(http.MethodPost, "/images/create?"+query.Encode(), "application/x-tar", &layer)
	if err == nil && strings.Contains(string(answer), `"error"`) {
		err = fmt.Errorf("%s", answer)
	}
	return err
}

func (s *Server) id(name string) (string, error) {
	answer, err := s.do(http.MethodGet, "/images/"+name+"/json", "", nil)
	if err != nil {
		return "", err
	}
	var image struct{ ID string }
	return image.ID, json.Unmarshal(answer, &image)
}

// do speaks to the daemon.
func (s *Server) do(method, path, kind string, body io.Reader) ([]byte, error) {
	req, err := http.NewRequest(method, "http://docker"+path, body)
	if err != nil {
		return nil, err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %s: %s", method, filepath.Base(path), res.Status, answer)
	}
	return answer, err
}

// Do asks the daemon something a test wants to know or change: a method and a
// path of its API, with a body of JSON or nil. A refusal fails the test.
func (s *Server) Do(t testing.TB, method, path string, body []byte) []byte {
	t.Helper()
	s.Socket(t)
	answer, err := s.do(method, path, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// Try is Do that returns the refusal.
func (s *Server) Try(t testing.TB, method, path string) error {
	t.Helper()
	s.Socket(t)
	_, err := s.do(method, path, "application/json", nil)
	return err
}

// Containers returns the names of all containers there are.
func (s *Server) Containers(t testing.TB) []string {
	t.Helper()
	var list []struct{ Names []string }
	if err := json.Unmarshal(s.Do(t, http.MethodGet, "/containers/json?all=1", nil), &list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range list {
		for _, name := range c.Names {
			names = append(names, strings.TrimPrefix(name, "/"))
		}
	}
	return names
}
