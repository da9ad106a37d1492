package process_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/platform/platformtest"
	"cutover/internal/platform/process"
	"cutover/internal/release"
	"cutover/internal/snapshot"
	"cutover/internal/testkit"
)

func TestAnOrderThatCannotBeFulfilledStartsNothingAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	plain := filepath.Join(folder, "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func(*release.StartOrder)
		want  string
	}{
		"no command":      {func(o *release.StartOrder) { o.Artefact.Command = nil }, "has no command"},
		"unknown command": {func(o *release.StartOrder) { o.Artefact.Command = []string{"frobnicate"} }, "not found in PATH"},
		"missing file":    {func(o *release.StartOrder) { o.Artefact.Command = []string{folder + "/gone"} }, "no such file"},
		"not executable":  {func(o *release.StartOrder) { o.Artefact.Command = []string{plain} }, "chmod +x"},
		"a folder":        {func(o *release.StartOrder) { o.Artefact.Command = []string{folder} }, "but a folder"},
		"no such dir":     {func(o *release.StartOrder) { o.Artefact.Dir = folder + "/gone" }, "correct dir in the app file"},
		"dir is a file":   {func(o *release.StartOrder) { o.Artefact.Dir = plain }, "is not a folder"},
		"relative dir":    {func(o *release.StartOrder) { o.Artefact.Dir = "here" }, "not an absolute path"},
		"unknown signal":  {func(o *release.StartOrder) { o.Artefact.Stop.Signal = "STOPP" }, "no signal"},
		"no side":         {func(o *release.StartOrder) { o.Side = "" }, "no side"},
		"app with slash":  {func(o *release.StartOrder) { o.App = "../shop" }, "name of a folder"},
		"secret not set": {func(o *release.StartOrder) {
			o.Artefact.Env = []release.EnvVar{{Name: "PASSWORD", Ref: "env:PROCESS_TEST_NOT_SET"}}
		}, "PROCESS_TEST_NOT_SET"},
		"bad variable":     {func(o *release.StartOrder) { o.Artefact.Env = []release.EnvVar{{Name: "A=B"}} }, "cannot be the name"},
		"NUL in a value":   {func(o *release.StartOrder) { o.Artefact.Env = []release.EnvVar{{Name: "A", Value: "\x00"}} }, "NUL"},
		"no files":         {func(o *release.StartOrder) { o.Artefact.Command = append(o.Artefact.Command, "{{files}}/x") }, "has no files"},
		"missing snapshot": {func(o *release.StartOrder) { o.Artefact.EnvFile = release.File{Name: "env", Digest: "00"} }, "snapshot of env"},
		"file outside":     {func(o *release.StartOrder) { o.Artefact.Files = []release.File{{Name: "../x", Digest: "00"}} }, "leads out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			p := h.open(process.Options{})
			order := h.order(2)
			c.spoil(&order)
			if err := p.Start(t.Context(), order); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("start: %v; want it to say %q", err, c.want)
			}
			if list := observe(t, p); len(list) > 0 {
				t.Errorf("there are %+v", list)
			}
		})
	}
}

func TestAnInstanceGetsItsConfigurationAsItWasSaved(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	snapshots, err := snapshot.New(filepath.Join(t.TempDir(), "snapshots"))
	if err != nil {
		t.Fatal(err)
	}
	save := func(name, content string) release.File {
		file, err := snapshots.Save(name, []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	p := h.open(process.Options{Snapshots: snapshots})
	stopAtEnd(t, p)
	order := h.order(1)
	order.Artefact.EnvFile = save(".env", "# all of it\nexport COLOUR=blue\nSIZE='very large'\nPORT=80\n\nCUTOVER_APP=other\n")
	order.Artefact.Files = []release.File{save("app.conf", "workers = 4\n"), save("conf.d/extra.conf", "x = 1\n")}
	order.Artefact.Env = append(order.Artefact.Env, release.EnvVar{Name: "COLOUR", Value: "green"}, release.EnvVar{Name: "CONF", Value: "{{files}}/app.conf"})
	start(t, p, order)
	in := ready(t, p, 1)[0]
	self := platformtest.WhoAmI(t, in.Addr)
	for name, want := range map[string]string{"COLOUR": "green", "SIZE": "very large", "CUTOVER_APP": app} {
		if got := self.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	conf := self.Get("CONF")
	mustHold(t, conf, "workers = 4\n")
	mustHold(t, filepath.Join(filepath.Dir(conf), "conf.d", "extra.conf"), "x = 1\n")

	// A file somebody changed is put right before the next instance starts.
	if err := errors.Join(os.Chmod(conf, 0o600), os.WriteFile(conf, []byte("workers = 5\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	order.Count = 2
	start(t, p, order)
	mustHold(t, conf, "workers = 4\n")
	stop(t, p, ready(t, p, 2)...)
	if _, err := os.Stat(filepath.Dir(conf)); !os.IsNotExist(err) {
		t.Errorf("the files of a version nobody runs are still there: %v", err)
	}
}

func mustHold(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("%s: mode %v, %v; want read-only", path, info.Mode(), err)
	}
}

func TestNothingSecretIsOnDiskOrHandedOnUnasked(t *testing.T) {
	t.Setenv("PROCESS_TEST_SECRET", "s3cr3t-of-this-app")
	t.Setenv("PROCESS_TEST_OTHER", "s3cr3t-of-another-app")
	h := newHouse(t)
	var logged bytes.Buffer
	p := h.open(process.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	stopAtEnd(t, p)
	order := h.order(1)
	order.Artefact.Env = append(order.Artefact.Env, release.EnvVar{Name: "PASSWORD", Ref: "env:PROCESS_TEST_SECRET"})
	start(t, p, order)
	in := ready(t, p, 1)[0]
	self := platformtest.WhoAmI(t, in.Addr)
	if self.Get("PASSWORD") != "s3cr3t-of-this-app" || self.Get("PROCESS_TEST_OTHER") != "" {
		t.Fatalf("PASSWORD is %q, and the other app's is %q", self.Get("PASSWORD"), self.Get("PROCESS_TEST_OTHER"))
	}
	allowed := []string{"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "GORACE", "GOCOVERDIR", "PASSWORD", "PORT",
		"CUTOVER_APP", "CUTOVER_VERSION", "CUTOVER_SIDE", "CUTOVER_INSTANCE"}
	for _, entry := range self.Env {
		if name, _, _ := strings.Cut(entry, "="); !slices.Contains(allowed, name) {
			t.Errorf("the instance was handed %s, which it was not given", name)
		}
	}
	files := h.mustBePrivate("s3cr3t")
	if files < 6 {
		t.Errorf("only %d files were looked at", files)
	}
	if strings.Contains(logged.String(), "s3cr3t") || !strings.Contains(logged.String(), in.ID) {
		t.Errorf("the log has the secret, or not the instance: %s", logged.String())
	}
}

// mustBePrivate checks that nobody else can read any file of the state folder
// and that none has the secret in it. It returns how many it looked at.
func (h *house) mustBePrivate(secret string) (files int) {
	h.t.Helper()
	err := filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			h.t.Errorf("%s has mode %v", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		files++
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(secret)) {
			h.t.Errorf("%s has the secret in it", path)
		}
		return err
	})
	if err != nil {
		h.t.Error(err)
	}
	return files
}

func TestASecretInTheLastWordsOfAProgramIsMasked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := h.open(process.Options{})
	stopAtEnd(t, p)
	order := h.order(1)
	order.Artefact.Command = []string{"sh", "-c", `echo "cannot log in as app with $PASSWORD" >&2; exit 1`}
	order.Artefact.Env = []release.EnvVar{{Name: "PASSWORD", Ref: "file:" + secret}}
	start(t, p, order)
	in := ended(t, p)
	if strings.Contains(in.Detail, "s3cr3t") || !strings.Contains(in.Detail, "cannot log in as app with ***") {
		t.Fatalf("its end is told as %q", in.Detail)
	}
}

func TestAnInstanceThatKeepsEndingIsPausedLongerAndLonger(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := newClock()
	p := h.open(process.Options{Now: c.Now})
	stopAtEnd(t, p)
	order := h.order(1, "-exit", "1")
	start(t, p, order)
	ended(t, p)
	restarts := func() int {
		t.Helper()
		start(t, p, order)
		return ended(t, p).Restarts
	}
	if n := restarts(); n != 1 {
		t.Fatalf("after the first end it was started again %d times, want at once", n)
	}
	for n, pause := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		c.advance(pause*time.Second - time.Millisecond)
		if got := restarts(); got != n+1 {
			t.Fatalf("it was started again %d times before its pause of %d s was over, want %d", got, pause, n+1)
		}
		if in := observe(t, p)[0]; !strings.Contains(in.Detail, "to be started again in") {
			t.Fatalf("its pause is not told: %q", in.Detail)
		}
		c.advance(time.Millisecond)
		if got := restarts(); got != n+2 {
			t.Fatalf("it was started again %d times after its pause of %d s, want %d", got, pause, n+2)
		}
	}
}

func TestAnInstanceThatARebootEndedIsNotBlamedForIt(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	start(t, p, h.order(1))
	in := ready(t, p, 1)[0]
	platformtest.Tell(t, in.Addr, "/exit?code=0")
	ended(t, p)
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	changeRecord(t, h.inSlot(in.ID, "process.json"), strings.TrimSpace(string(boot)), "another-boot")
	start(t, p, h.order(1))
	if in := ready(t, p, 1)[0]; in.Restarts != 0 {
		t.Fatalf("a reboot counts as %d restarts", in.Restarts)
	}
}

func TestAnInstanceKeepsItsPortUnlessSomebodyTookIt(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	order := h.order(1)
	start(t, p, order)
	first := ready(t, p, 1)[0]
	platformtest.Tell(t, first.Addr, "/exit?code=0")
	ended(t, p)
	start(t, p, order)
	second := ready(t, p, 1)[0]
	if second.Addr != first.Addr {
		t.Errorf("it moved from %s to %s without need", first.Addr, second.Addr)
	}
	platformtest.Tell(t, second.Addr, "/exit?code=0")
	ended(t, p)
	taken, err := net.Listen("tcp", second.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	testkit.Await(t, "a start on another port", func() bool {
		start(t, p, order)
		in := observe(t, p)[0]
		return in.Serves() && in.Addr != second.Addr
	})
}

func TestManyControllersTogetherStartNoMoreThanIsOrdered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	order := h.order(3)
	var all sync.WaitGroup
	for range 4 {
		p := h.open(process.Options{})
		all.Go(func() {
			if err := p.Start(t.Context(), order); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	p := h.open(process.Options{})
	stopAtEnd(t, p)
	h.mustRunExactly(p, 3)
}

func TestLogsOutliveTheirInstancesButNotForEver(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	start(t, p, h.order(1))
	in := ready(t, p, 1)[0]
	logs := filepath.Join(h.dir, "logs", app)
	// These stand for instances that have come and gone.
	for n := 1000; n < 1025; n++ {
		if err := os.WriteFile(filepath.Join(logs, fmt.Sprintf("green-%d.log", n)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stop(t, p, in)
	kept, err := filepath.Glob(filepath.Join(logs, "green-1*.log"))
	if err != nil || len(kept) != 20 || !slices.Contains(kept, filepath.Join(logs, "green-1024.log")) {
		t.Fatalf("%d logs are kept, %v; want the newest 20: %v", len(kept), err, kept)
	}
}

func TestARecordThatCannotBeReadIsNotTakenForNone(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	start(t, p, h.order(1))
	in := ready(t, p, 1)[0]
	record := h.inSlot(in.ID, "process.json")
	whole, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(record, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Observe(t.Context(), app); err == nil || !strings.Contains(err.Error(), record) {
		t.Errorf("observe: %v; want an error that names %s", err, record)
	}
	if err := p.Start(t.Context(), h.order(1)); err == nil {
		t.Error("start went on in spite of a record that cannot be read")
	}
	if err := os.WriteFile(record, whole, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReadinessIsNotAskedMoreOftenThanTheArtefactSays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := newClock()
	p := h.open(process.Options{Now: c.Now})
	stopAtEnd(t, p)
	order := h.order(1)
	order.Artefact.Health.Every, order.Artefact.Health.Failures = time.Second, 1
	start(t, p, order)
	var in release.Instance
	testkit.Await(t, "readiness", func() bool {
		c.advance(time.Second)
		in = observe(t, p)[0]
		return in.Ready
	})
	platformtest.Tell(t, in.Addr, "/unready")
	c.advance(999 * time.Millisecond)
	if in = observe(t, p)[0]; !in.Ready {
		t.Fatal("it was asked again too early")
	}
	c.advance(time.Millisecond)
	if in = observe(t, p)[0]; in.Ready || !in.ReadySince.IsZero() {
		t.Fatalf("it was not asked again in time: %+v", in)
	}
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]process.Options{
		"relative state":      {StateDir: "state"},
		"relative executable": {StateDir: t.TempDir(), Executable: "cutover"},
	} {
		if _, err := process.New(o); err == nil || !strings.Contains(err.Error(), "not an absolute path") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := process.New(process.Options{StateDir: t.TempDir() + "/a/b"}); err != nil {
		t.Errorf("a state folder that does not exist yet: %v", err)
	}
}

var _ snapshot.Opener = (*snapshot.Folder)(nil)
