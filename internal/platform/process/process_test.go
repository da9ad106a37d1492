package process_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cutover/internal/platform/platformtest"
	"cutover/internal/platform/process"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

// shimArg is the first argument with which this test binary is a shim.
const shimArg = "process-shim"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case shimArg:
			os.Exit(process.RunShim(os.Args[2:]))
		case platformtest.ProgramName:
			os.Exit(platformtest.Program(os.Args[2:]))
		}
	}
	testkit.Main(m, map[string]testkit.Role{"controller": controllerRole})
}

func TestProcessesAreAPlatform(t *testing.T) {
	t.Parallel()
	platformtest.Run(t, func(t *testing.T) platformtest.Setup {
		h := newHouse(t)
		return platformtest.Setup{
			App:      "shop",
			Open:     func() platformtest.Platform { return h.open(process.Options{}) },
			Artefact: h.artefact,
		}
	})
}

// house is a state folder, and a mark by which all processes of its test are
// found.
type house struct {
	t    *testing.T
	dir  string
	mark string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: filepath.Join(t.TempDir(), "state"), mark: rand.Text()}
	t.Cleanup(func() {
		if left := h.processes(); len(left) > 0 {
			t.Errorf("processes are left: %v", left)
		}
	})
	return h
}

// open opens the platform with what o leaves open set for tests.
func (h *house) open(o process.Options) *process.Platform {
	h.t.Helper()
	o.StateDir, o.ShimArgs = h.dir, []string{shimArg}
	p, err := process.New(o)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *house) artefact(args ...string) release.Artefact {
	h.t.Helper()
	exe, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	return release.Artefact{
		Command: append([]string{exe, platformtest.ProgramName, "-mark", h.mark}, append(args, "-mark", h.mark)...),
		Dir:     filepath.Dir(h.dir),
		// The race detector would hold up each exit by a second, and a binary
		// that measures coverage would complain at its end.
		Env: []release.EnvVar{
			{Name: "GORACE", Value: "atexit_sleep_ms=0"},
			{Name: "GOCOVERDIR", Value: filepath.Dir(h.dir)},
		},
	}
}

// processes lists the pids of the test's programs and shims that have not
// ended, with their children.
func (h *house) processes() []int {
	h.t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		h.t.Fatal(err)
	}
	var pids []int
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(line), h.mark) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			h.t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}
