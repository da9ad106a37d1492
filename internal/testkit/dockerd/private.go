package dockerd

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cutover/internal/testkit"
)

// Puller and Password are the only ones whom a private registry answers.
const (
	Puller   = "ann"
	Password = "pl4nted-s3cret-of-a-registry"
)

// users is what such a registry knows of them: the password by its bcrypt.
const users = Puller + ":$2a$04$WsRgyqPjKfkrQ8dqbVFeCu7ntbmywwetHSD1Y1QZPDhF4Y9XkDb5m\n"

// PublishPrivately is Publish into a real registry, a program of its own, that
// answers nobody but Puller.
func (s *Server) PublishPrivately(t testing.TB, name, pkg string) string {
	t.Helper()
	image := s.pack(t, name, pkg)
	p := private{addr: testkit.FreeAddr(t)}
	p.start(t)
	for digest, content := range image.blobs {
		if digest != image.manifest {
			p.upload(t, name, digest, content)
		}
	}
	p.send(t, http.MethodPut, "http://"+p.addr+"/v2/"+name+"/manifests/published", manifestType, image.blobs[image.manifest])
	return p.addr + "/" + name + ":published"
}

// private is a registry with one user.
type private struct{ addr string }

const registrySettings = `version: 0.1
storage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}}
http: {addr: %q, secret: tests}
auth: {htpasswd: {realm: tests, path: %q}}
`

func (p private) start(t testing.TB) {
	t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		t.Fatalf("%v; scripts/deps installs docker-registry", err)
	}
	dir := t.TempDir()
	known, settings := filepath.Join(dir, "users"), filepath.Join(dir, "registry.yml")
	for path, text := range map[string]string{known: users, settings: fmt.Sprintf(registrySettings, filepath.Join(dir, "images"), p.addr, known)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	cmd := exec.Command(program, "serve", settings)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start a registry: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the registry said: %s", log.String()[max(0, log.Len()-2000):])
		}
	})
	testkit.Await(t, "the registry to refuse strangers", func() bool {
		res, err := http.Get("http://" + p.addr + "/v2/")
		return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusUnauthorized
	})
}

// upload sends a blob in one piece.
func (p private) upload(t testing.TB, name, digest string, content []byte) {
	t.Helper()
	where := p.send(t, http.MethodPost, "http://"+p.addr+"/v2/"+name+"/blobs/uploads/", "", nil)
	glue := "?"
	if strings.Contains(where, "?") {
		glue = "&"
	}
	p.send(t, http.MethodPut, where+glue+"digest="+digest, "application/octet-stream", content)
}

// send asks the registry for a change and returns where it says to go on.
func (p private) send(t testing.TB, method, address, kind string, body []byte) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(Puller, Password)
	req.Header.Set("Content-Type", kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("publish an image: %v", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		t.Fatalf("publish an image: %s %s: %s %s", method, req.URL.Path, res.Status, answer)
	}
	return res.Header.Get("Location")
}
