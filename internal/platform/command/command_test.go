package command_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/platform/command"
	"cutover/internal/platform/platformtest"
	"cutover/internal/platform/process"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == platformtest.ProgramName {
		os.Exit(platformtest.Program(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func TestCommandsAreAPlatform(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, func(t *testing.T) platformtest.Setup {
		h := newHouse(t)
		return platformtest.Setup{
			App:      "shop",
			Open:     func() platformtest.Platform { return h.open() },
			Artefact: h.artefact,
		}
	})
}

// house is a folder with a service manager, and a mark by which all processes
// of its test are found.
type house struct {
	t    *testing.T
	dir  string
	mark string
	more command.Options
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), mark: rand.Text()}
	t.Cleanup(func() {
		// What a service manager leaves behind is gone in a moment.
		testkit.Await(t, "the end of all processes", func() bool { return len(h.processes()) == 0 })
	})
	return h
}

func (h *house) open() *command.Platform {
	h.t.Helper()
	runner, err := process.New(process.Options{StateDir: filepath.Join(h.dir, "process")})
	if err != nil {
		h.t.Fatal(err)
	}
	o := h.more
	o.StateDir, o.Errand = filepath.Join(h.dir, "state"), runner.Errand
	p, err := command.New(o)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// artefact runs the test program by the service manager.
func (h *house) artefact(args ...string) release.Artefact {
	h.t.Helper()
	keeper, err := filepath.Abs("testdata/keeper.sh")
	if err != nil {
		h.t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	units := filepath.Join(h.dir, "units")
	program := append([]string{exe, platformtest.ProgramName, "-mark", h.mark}, append(args, "-mark", h.mark)...)
	return release.Artefact{
		Runtime: "command", Dir: h.dir,
		Orders: &release.Orders{
			Start: append([]string{keeper, units, "start", "{{instance}}"}, program...),
			Stop:  []string{keeper, units, "stop", "{{instance}}", "{{grace}}"},
			List:  []string{keeper, units, "list"},
		},
		Env: []release.EnvVar{{Name: "GORACE", Value: "atexit_sleep_ms=0"}, {Name: "GOCOVERDIR", Value: h.dir}},
	}
}

func (h *house) processes() []string {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		h.t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), h.mark) {
			found = append(found, file)
		}
	}
	return found
}
