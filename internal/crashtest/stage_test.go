package crashtest

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/api"
	"cutover/internal/demo/sample"
	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/traffic/embedded"
)

// stage is one state folder with everything that runs for it.
type stage struct {
	t      *testing.T
	dir    string
	listen string
	mark   string
	front  *admin.Client
}

// patience is how long a whole release may take, with every restart. It only
// matters when something is broken.
const patience = 25 * time.Minute

// newStage returns a stage on which v1 of the shop stands and no controller
// runs.
func newStage(t *testing.T, name string) *stage {
	t.Helper()
	// Not t.TempDir(): the paths of sockets must be short.
	dir, err := os.MkdirTemp("", "cutover-crash-")
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, dir: dir, listen: testkit.FreeAddr(t), mark: fmt.Sprintf("%d/%s", os.Getpid(), filepath.Base(dir))}
	s.front = admin.NewClient(proxy.SocketIn(s.path("proxy")))
	t.Cleanup(func() { s.strike(name) })
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s.write("app", fill(appFile, map[string]string{"Program": exe, "Mark": s.mark, "Listen": s.listen, "Database": s.database()}))
	if err := os.WriteFile(filepath.Join(dir, "address.change"), sample.Change(), 0o600); err != nil {
		t.Fatal(err)
	}
	first := story{version: "v1", ends: release.Done}
	s.play(first, s.calmly(&journey{stage: s, story: first}))
	return s
}

// path returns a path in the state folder.
func (s *stage) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir, "state"}, elem...)...)
}

// database is where the shop keeps its addresses.
func (s *stage) database() string { return filepath.Join(s.dir, "shop.db") }

func (s *stage) file(name string) string { return filepath.Join(s.dir, name+".yaml") }

func (s *stage) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.file(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) router() *embedded.Router { return &embedded.Router{Client: s.front} }

// observe reads what the data plane does.
func (s *stage) observe() release.Traffic {
	s.t.Helper()
	now, err := s.router().Observe(context.Background(), "shop")
	if err != nil {
		s.t.Fatal(err)
	}
	return now
}

// strike ends whatever runs and removes the folder.
func (s *stage) strike(name string) {
	s.proveLogs()
	if s.t.Failed() {
		s.t.Logf("%s: the controllers' log ends:\n%s", name, tail(s.path("..", "control.log"), 12_000))
	}
	testkit.Await(s.t, "every process of the stage is gone", func() bool {
		running := s.census()
		for _, p := range running {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		return len(running) == 0
	})
	if err := os.RemoveAll(s.dir); err != nil {
		s.t.Error(err)
	}
}

// proveLogs looks for what no program may ever write, whoever was killed.
func (s *stage) proveLogs() {
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".log" {
			return err
		}
		b, err := os.ReadFile(path)
		for _, cry := range []string{"WARNING: DATA RACE", "panic: ", "fatal error: "} {
			if at := bytes.Index(b, []byte(cry)); at >= 0 {
				s.t.Errorf("%s: %s", path, b[at:min(at+4000, len(b))])
			}
		}
		return err
	})
	if err != nil {
		s.t.Errorf("read the logs: %v", err)
	}
}

func tail(path string, most int) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return strings.ToValidUTF8(string(b[max(len(b)-most, 0):]), "")
}

// client returns a new client: one that was used with an earlier controller
// would first have to find out that this one is gone.
func (s *stage) client() *api.Client { return api.NewClient(s.path("control.sock")) }
