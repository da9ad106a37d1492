package soaktest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/api"
	"cutover/internal/demo/sample"
	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/testkit"
)

// stage is one state folder with everything that runs for it.
type stage struct {
	*diary
	settings
	dir    string
	listen string
	mark   string
	front  *admin.Client
	// control is used by everybody: many clients would each keep a connection
	// to the controller open, and these would look like its own leak.
	control *api.Client
	// small says that the state folder lies on a small disk of its own.
	small bool
}

// diskSize is that of the small disk.
const diskSize = 256 << 20

func newStage(t *testing.T, with settings) *stage {
	t.Helper()
	// Not t.TempDir(): the paths of sockets must be short.
	dir, err := os.MkdirTemp("", "cutover-soak-")
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{diary: &diary{t: t, began: time.Now()}, settings: with, dir: dir, listen: testkit.FreeAddr(t)}
	s.mark = fmt.Sprintf("%d/%s", os.Getpid(), filepath.Base(dir))
	s.front = admin.NewClient(proxy.SocketIn(s.path("proxy")))
	s.control = api.NewClient(s.path("control.sock"))
	t.Cleanup(s.strike)
	for _, folder := range []string{s.path(), s.dials()} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.mountSmall()
	if err := os.WriteFile(filepath.Join(dir, "split.change"), sample.Change(), 0o600); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s.write("app", fill(appFile, map[string]string{"Program": exe, "Mark": s.mark, "Dials": s.dials(), "Listen": s.listen,
		"Database": s.database(), "Log": s.requestLog()}))
	return s
}

func (s *stage) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir, "s"}, elem...)...)
}
func (s *stage) dials() string           { return filepath.Join(s.dir, "dials") }
func (s *stage) database() string        { return filepath.Join(s.dir, "shop.db") }
func (s *stage) requestLog() string      { return filepath.Join(s.dir, "requests.tsv") }
func (s *stage) file(name string) string { return filepath.Join(s.dir, name+".yaml") }

func (s *stage) write(name, text string) {
	if err := os.WriteFile(s.file(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// env is the environment of every process of the stage.
func (s *stage) env() []string {
	return append(os.Environ(), markVariable+"="+s.mark, dialsVariable+"="+s.dials(), "GORACE=atexit_sleep_ms=0")
}

// strike ends whatever runs and removes the folder.
func (s *stage) strike() {
	s.proveLogs()
	testkit.Await(s.t, "every process of the stage is gone", func() bool {
		running := s.census()
		for _, p := range running {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		return len(running) == 0
	})
	if s.small {
		if err := syscall.Unmount(s.path(), syscall.MNT_DETACH); err != nil {
			s.t.Error(err)
		}
	}
	if keep := os.Getenv("SOAK_KEEP"); keep == "" {
		if err := os.RemoveAll(s.dir); err != nil {
			s.t.Error(err)
		}
	}
}

// proveLogs looks for what no program may ever write, whoever was killed.
func (s *stage) proveLogs() {
	for _, pattern := range []string{"*.log", "s/*.log", "s/*/*.log", "s/*/*/*.log"} {
		files, err := filepath.Glob(filepath.Join(s.dir, pattern))
		if err != nil {
			s.t.Error(err)
		}
		for _, path := range files {
			b, err := os.ReadFile(path)
			if err != nil {
				continue // an old log was removed meanwhile
			}
			for _, cry := range []string{"WARNING: DATA RACE", "panic: ", "fatal error: "} {
				if at := bytes.Index(b, []byte(cry)); at >= 0 {
					s.t.Errorf("%s: %s", path, b[at:min(at+4000, len(b))])
				}
			}
		}
	}
}

// resident is a process of the stage.
type resident struct {
	pid int
	// instance, version and side are those of an instance, else "".
	instance, version, side string
	// program is its first argument.
	program string
}

// census lists the processes that carry the stage's mark, or descend from one
// that does: the environment is inherited.
func (s *stage) census() []resident {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil || len(files) == 0 {
		s.t.Errorf("list the processes: %d found, %v", len(files), err)
	}
	var list []resident
	for _, file := range files {
		// A process that ends meanwhile, or is another user's, is none of ours.
		env, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(env, []byte(markVariable+"="+s.mark+"\x00")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			continue
		}
		line, err := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		if words := strings.Split(string(line), "\x00"); err == nil && len(words) > 1 {
			list = append(list, resident{pid, variable(env, "CUTOVER_INSTANCE"), variable(env, "CUTOVER_VERSION"), variable(env, "CUTOVER_SIDE"), words[1]})
		}
	}
	return list
}

func variable(env []byte, name string) string {
	for entry := range strings.SplitSeq(string(env), "\x00") {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// instancePid returns the process of an instance, 0 if there is none.
func (s *stage) instancePid(id string) int {
	list := s.census()
	i := slices.IndexFunc(list, func(p resident) bool { return p.instance == id && p.program == shopCommand })
	if i < 0 {
		return 0
	}
	return list[i].pid
}

// answers returns the version that answers a request of a new user, "" if
// nobody does within a second.
func (s *stage) answers() string {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	res, err := c.Get("http://" + s.listen + "/version")
	if err != nil {
		return ""
	}
	res.Body.Close()
	return res.Header.Get(sample.VersionHeader)
}

// columns looks at the shape of the database.
func (s *stage) columns() string {
	out, err := exec.Command("sqlite3", "-cmd", ".timeout 60000", s.database(), `SELECT (SELECT group_concat(name) FROM pragma_table_info('address')) || '; triggers: ' ||
		(SELECT count(*) FROM sqlite_schema WHERE type = 'trigger')`).CombinedOutput()
	if err != nil {
		return fmt.Sprintf("sqlite3: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// until polls a condition, gently, and reports whether it came true in time.
func until(ctx context.Context, within time.Duration, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}
