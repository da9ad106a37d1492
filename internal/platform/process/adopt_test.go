package process_test

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/platform/platformtest"
	"cutover/internal/platform/process"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

// foundling is a program that was started by somebody else.
type foundling struct {
	release.Adopted
	ended chan struct{}
}

func (f foundling) runs() bool {
	select {
	case <-f.ended:
		return false
	default:
		return true
	}
}

func (h *house) foundling(args ...string) foundling {
	h.t.Helper()
	_, port, err := net.SplitHostPort(testkit.FreeAddr(h.t))
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], append([]string{platformtest.ProgramName, "-mark", h.mark}, append(args, "-mark", h.mark)...)...)
	cmd.Env = append(os.Environ(), "PORT="+port, "GORACE=atexit_sleep_ms=0", "GOCOVERDIR="+h.t.TempDir())
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	f := foundling{ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(f.ended)
	}()
	h.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-f.ended
	})
	if f.Adopted, err = process.Identify(cmd.Process.Pid); err != nil {
		h.t.Fatal(err)
	}
	f.Addr = net.JoinHostPort("127.0.0.1", port)
	return f
}

// adoption takes a process in that nothing says how to start.
func (h *house) adoption(f foundling) release.StartOrder {
	o := h.order(1)
	o.Artefact.Command, o.Artefact.Adopted = nil, []release.Adopted{f.Adopted}
	return o
}

func TestAnAdoptedProcessIsObservedAndStoppedWithItsChildren(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	f := h.foundling("-children", "2")
	start(t, p, h.adoption(f))
	start(t, p, h.adoption(f))
	in := ready(t, p, 1)[0]
	if in.Pid != f.Pid || in.Addr != f.Addr || in.Log != "" || len(observe(t, p)) != 1 {
		t.Fatalf("%+v", in)
	}
	if app, id, found, err := p.Owner(f.Pid); app != "shop" || id != in.ID || !found || err != nil {
		t.Errorf("process %d is %s of %s, %t, %v", f.Pid, id, app, found, err)
	}
	next := h.open(process.Options{})
	if again := ready(t, next, 1)[0]; again.ID != in.ID || !again.Since.Equal(in.Since) {
		t.Errorf("the next controller sees %+v, not %+v", again, in)
	}
	stop(t, next, in)
	if f.runs() {
		t.Error("it still runs")
	}
	if left := h.processes(); len(left) > 0 {
		t.Errorf("children are left: %v", left)
	}
}

func TestAnAdoptedProcessThatIgnoresItsSignalIsKilledAfterGrace(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	f := h.foundling("-ignore-term")
	o := h.adoption(f)
	o.Artefact.Stop.Grace = 200 * time.Millisecond
	start(t, p, o)
	stop(t, p, ready(t, p, 1)...)
	testkit.Await(t, "its end", func() bool { return !f.runs() })
}

func TestAnAdoptedProcessThatEndedIsNotStartedBlindly(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	f := h.foundling()
	o := h.adoption(f)
	if err := p.Startable(o); err != nil {
		t.Fatal(err)
	}
	start(t, p, o)
	ready(t, p, 1)
	if err := syscall.Kill(f.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if in := ended(t, p); in.Ready {
		t.Errorf("%+v", in)
	}
	if err := p.Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "nothing says how to start it") {
		t.Errorf("%v", err)
	}
	if err := p.Startable(o); err == nil || !strings.Contains(err.Error(), "adopt its new process") {
		t.Errorf("%v", err)
	}
}

func TestAnAdoptedProcessIsStartedAgainByTheCommandOfItsFile(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	f := h.foundling()
	o := h.order(1)
	o.Artefact.Adopted = []release.Adopted{f.Adopted}
	start(t, p, o)
	before := ready(t, p, 1)[0]
	if err := syscall.Kill(f.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ended(t, p)
	start(t, p, o)
	if after := ready(t, p, 1)[0]; after.ID != before.ID || after.Pid == f.Pid || after.Addr == f.Addr || after.Restarts != 1 {
		t.Errorf("%+v became %+v", before, after)
	}
}

func TestALeftProcessRunsOnAndWasNeverTouched(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	f := h.foundling()
	start(t, p, h.adoption(f))
	o := stopOrder(ready(t, p, 1)...)
	o.Leave = true
	if err := p.Stop(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if !f.runs() || len(observe(t, p)) != 0 {
		t.Errorf("it runs: %t; observed: %+v", f.runs(), observe(t, p))
	}
	if pid := platformtest.WhoAmI(t, f.Addr).Pid; pid != f.Pid {
		t.Errorf("%d answers", pid)
	}
}

func TestAnotherProcessWithTheNumberOfAnAdoptedOneIsNotMeant(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	f := h.foundling()
	other := f
	other.Ticks++
	if err := p.Start(t.Context(), h.adoption(other)); err == nil {
		t.Error("a process with another start was taken in")
	}
	if err := p.Startable(h.adoption(other)); err == nil {
		t.Error("a process with another start was found")
	}
	if !f.runs() || len(observe(t, p)) != 0 {
		t.Errorf("%+v", observe(t, p))
	}
}
