package cli_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// teller is an app that tells its secrets whenever something goes wrong: in its
// log, in the answer of a failing check, and in its last words. It answers GET
// /umask with how it would make a file.
func runTeller(args []string) int {
	told := os.Getenv("PASSWORD") + " " + os.Getenv("TOKEN") + " " + os.Getenv("DSN")
	if len(args) > 1 && args[1] == "v3" {
		fmt.Fprintln(os.Stderr, "fatal: cannot log in with", told)
		return 1
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fails" && args[1] == "v2" {
			http.Error(w, "denied: "+told+" "+r.Header.Get("Authorization"), http.StatusForbidden)
			return
		}
		now := syscall.Umask(0)
		syscall.Umask(now)
		fmt.Fprintf(w, "umask %04o\nenv %s\n", now, strings.Join(names(os.Environ()), " "))
	})
	fmt.Fprintln(os.Stderr, http.ListenAndServe("127.0.0.1:"+args[0], nil))
	return 1
}

func names(env []string) []string {
	var list []string
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		list = append(list, name)
	}
	return list
}

const tellerApp = `apiVersion: cutover/v1
kind: App
metadata: {name: teller}
spec:
  components:
    web:
      command: ["${TELLER}", "{{port}}", "{{version}}"]
      health: {path: /, every: 100ms}
  config:
    env: {PASSWORD: "env:PLANTED_ENV", TOKEN: "file:token", DSN: "file:dsn"}
  traffic: {listen: "${LISTEN}"}
`

const tellerRelease = `apiVersion: cutover/v1
kind: Release
metadata: {name: teller-%[1]s, app: teller}
spec:
  to: %[1]s
  strategy:
    type: blue-green
    hold: {atLeast: 100ms, atLeastRequests: 0}
    soak: {atLeast: 100ms, atLeastRequests: 0}
  ready: {within: 2m, settle: 100ms}
  guard: {maxRestarts: 1}
  checks: {smoke: [{http: {path: /fails, headers: {Authorization: "env:PLANTED_HEADER"}}}]}
`

// Secrets of every kind are planted; a release goes well, one fails with an
// answer that repeats them, one dies with them on its lips. They are found in no
// output, no log of cutover's, no file of the state folder.
func TestPlantedSecretsAreFoundNowhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	planted := map[string]string{"PLANTED_ENV": "s3cret-from-env", "PLANTED_HEADER": "Bearer s3cret-of-header"}
	for name, value := range planted {
		h.more = append(h.more, name+"="+value)
	}
	h.write("token", "s3cret-from-file\n")
	h.write("dsn", "postgres://app:s3cret-of-dsn@127.0.0.1:1/none\n")
	h.write("app.yaml", tellerApp)
	said := ""
	for _, version := range []string{"v1", "v2", "v3"} {
		file := h.write(version+".yaml", fmt.Sprintf(tellerRelease, version))
		code, out := h.run("deploy", "-f", "app.yaml", "-f", file)
		if want := map[string]int{"v1": 0}[version]; version == "v1" && code != want || version != "v1" && code != 1 {
			t.Fatalf("deploy %s: exit code %d:\n%s", version, code, out)
		}
		said += out
	}
	for _, command := range []string{"status", "explain", "history", "audit verify", "doctor", "history teller-v2", "explain teller-v3"} {
		for _, format := range []string{"text", "json"} {
			_, out := h.run(append(strings.Fields(command), "-o", format)...)
			said += out
		}
	}
	_, out := h.run("plan", "-o", "json", "-f", "app.yaml", "-f", filepath.Join(h.home, "v2.yaml"))
	said += out
	if !strings.Contains(said, "denied: ***") {
		t.Errorf("the failing check's answer is not shown at all, masked or not:\n%s", tailOf(said))
	}
	if at := strings.Index(said, "s3cret"); at >= 0 {
		t.Errorf("a secret was printed: ...%s", said[max(at-300, 0):min(at+40, len(said))])
	}
	h.secretFree("s3cret")
}

func tailOf(text string) string { return text[max(len(text)-3000, 0):] }

// secretFree fails the test if a file of the state folder has the text. Only
// what an instance writes to its own log is its own.
func (h *house) secretFree(text string) {
	h.t.Helper()
	files, own := 0, filepath.Join(h.state, "instances", "logs")
	h.walk(func(path string, d fs.DirEntry) {
		if !d.Type().IsRegular() || strings.HasPrefix(path, own) {
			return
		}
		files++
		content, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			h.t.Error(err)
		}
		if bytes.Contains(content, []byte(text)) {
			h.t.Errorf("%s has %q in it", path, text)
		}
	})
	if files < 10 {
		h.t.Errorf("only %d files were looked at", files)
	}
}

func (h *house) walk(look func(path string, d fs.DirEntry)) {
	err := filepath.WalkDir(h.state, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // a file that was being replaced
		}
		if err == nil {
			look(path, d)
		}
		return err
	})
	if err != nil {
		h.t.Error(err)
	}
}

// Whatever the umask, nothing in the state folder is open to others, and
// instances make files as they would without cutover, with an environment that
// has nothing but what is documented.
func TestTheStateFolderIsPrivateUnderAnyUmask(t *testing.T) {
	t.Parallel()
	for _, umask := range []string{"000", "022", "077"} {
		t.Run(umask, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.umask = umask
			h.more = []string{"PLANTED_ENV=x", "PLANTED_HEADER=y", "NOT_FOR_APPS=z"}
			h.write("token", "t\n")
			h.write("dsn", "d\n")
			h.write("app.yaml", tellerApp)
			h.must(0, "deploy", "-f", "app.yaml", "-f", h.write("v1.yaml", fmt.Sprintf(tellerRelease, "v1")))
			h.must(0, "journal", "backup", filepath.Join(h.state, "kept.db"))
			seen := 0
			h.walk(func(path string, d fs.DirEntry) {
				info, err := d.Info()
				if err != nil || d.Type()&fs.ModeSymlink != 0 {
					return
				}
				seen++
				if info.Mode().Perm()&0o077 != 0 {
					t.Errorf("%s has mode %s", path, info.Mode())
				}
			})
			if seen < 15 {
				t.Errorf("only %d files were looked at", seen)
			}
			code, body := fetch(t, "http://"+h.listen+"/")
			if code != 200 || !strings.Contains(body, "umask 0"+umask+"\n") {
				t.Errorf("the instance answers %d: %s", code, body)
			}
			for _, name := range strings.Fields(body[strings.Index(body, "env ")+4:]) {
				if !strings.Contains(" PATH HOME USER LANG TZ TMPDIR PORT PASSWORD TOKEN DSN CUTOVER_APP CUTOVER_VERSION CUTOVER_SIDE CUTOVER_INSTANCE ", " "+name+" ") {
					t.Errorf("the instance got the variable %s", name)
				}
			}
		})
	}
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body.String()
}
