package process_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"cutover/internal/platform/platformtest"
	"cutover/internal/testkit"
)

// shim runs a shim for a slot as a controller would that has died since, and
// returns its exit code with what it reported.
func (h *house) shim(folder string) (int, string) {
	report, w, err := os.Pipe()
	if err != nil {
		h.t.Error(err)
		return -1, ""
	}
	defer report.Close()
	command := h.artefact().Command
	cmd := exec.Command(os.Args[0], append([]string{shimArg, folder, `{"port":1}`, command[0]}, command...)...)
	// Without a port the program waits instead of serving.
	cmd.Env = []string{"GORACE=atexit_sleep_ms=0"}
	cmd.ExtraFiles = []*os.File{w}
	if err := errors.Join(cmd.Start(), w.Close()); err != nil {
		h.t.Error(err)
		return -1, ""
	}
	said, err := io.ReadAll(report)
	if err != nil {
		h.t.Error(err)
	}
	if len(said) == 0 {
		// It has become the program.
		h.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		return 0, ""
	}
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode(), string(said)
}

func TestOfManyLaunchesOfOneSlotOneRuns(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	start(t, p, h.order(1, "-exit", "0"))
	in := ended(t, p)
	var all sync.WaitGroup
	var mu sync.Mutex
	became, found := 0, 0
	for range 6 {
		all.Go(func() {
			code, said := h.shim(h.inSlot(in.ID, ""))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case code == 0:
				became++
			case strings.Contains(said, `"running":true`):
				found++
			default:
				t.Errorf("a shim ended with %d: %s", code, said)
			}
		})
	}
	all.Wait()
	if became != 1 || found != 5 {
		t.Fatalf("%d shims became the program and %d found it running, want 1 and 5", became, found)
	}
	if pids := h.processes(); len(pids) != 1 {
		t.Fatalf("processes %v run in one slot", pids)
	}
	if in := observe(t, p)[0]; !in.Alive {
		t.Fatalf("the one that runs is not on record: %+v", in)
	}
}

func TestALaunchThatComesTooLateStartsNothing(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	start(t, p, h.order(2))
	list := ready(t, p, 2)

	// One slot is being stopped, the other one is gone.
	pid := platformtest.WhoAmI(t, list[0].Addr).Pid
	if err := os.WriteFile(h.inSlot(list[0].ID, "stopping.json"), []byte(`{"at":"2026-03-01T12:00:00Z"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	stop(t, p, list[1])
	for id, want := range map[string]string{list[0].ID: "being stopped", list[1].ID: "no such file"} {
		if code, said := h.shim(h.inSlot(id, "")); code == 0 || !strings.Contains(said, want) {
			t.Errorf("a late shim for %s ended with %d: %s; want it to say %q", id, code, said, want)
		}
	}
	testkit.Await(t, "the shims to be gone", func() bool { return len(h.processes()) == 1 })
	if left := h.processes(); left[0] != pid {
		t.Fatalf("process %v runs, want %d", left, pid)
	}
}

func TestAShimIsNotForUseByHand(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(os.Args[0], shimArg).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "not for use by hand") {
		t.Fatalf("a shim without arguments: %v, %s", err, out)
	}
}

func TestWhatCannotBeExecutedIsAnErrorAndOnRecord(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	script := t.TempDir() + "/script"
	if err := os.WriteFile(script, []byte("echo hello\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	order := h.order(1)
	order.Artefact.Command = []string{script}
	if err := p.Start(t.Context(), order); err == nil || !strings.Contains(err.Error(), "#! line") {
		t.Fatalf("execute a script without a #! line: %v", err)
	}
	if in := ended(t, p); !strings.Contains(in.Detail, "exit status 126") || !strings.Contains(in.Detail, "#! line") {
		t.Fatalf("observed as %+v", in)
	}
}
