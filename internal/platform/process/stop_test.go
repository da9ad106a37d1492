package process_test

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/platform/platformtest"
	"cutover/internal/platform/process"
	"cutover/internal/testkit"
)

func TestStopEndsAllThatAnInstanceStarted(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	order := h.order(1, "-children", "3")
	order.Artefact.Stop.Grace = 300 * time.Millisecond
	start(t, p, order)
	in := ready(t, p, 1)[0]
	testkit.Await(t, "four processes", func() bool { return len(h.processes()) == 4 })
	stop(t, p, in)
	if left := h.processes(); len(left) > 0 {
		t.Fatalf("processes %v are left", left)
	}
	if !strings.Contains(h.log(in.ID), "got TERM") {
		t.Error("the instance was killed without being asked first")
	}
}

func TestTheSignalReachesWhatAShellLeavesBehind(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	order := h.order(1)
	order.Artefact.Command = append([]string{"/bin/sh", "-c", `"$@"; exit $?`, "sh"}, order.Artefact.Command...)
	start(t, p, order)
	in := ready(t, p, 1)[0]
	stop(t, p, in)
	if !strings.Contains(h.log(in.ID), "got TERM") {
		t.Error("the shell died of the signal, and its program was killed without being asked")
	}
}

func TestWhatAnEndedInstanceLeftRunningEndsBeforeItIsStartedAgain(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	order := h.order(1, "-children", "2")
	order.Artefact.Stop.Grace = 100 * time.Millisecond
	start(t, p, order)
	in := ready(t, p, 1)[0]
	children := platformtest.WhoAmI(t, in.Addr).Children
	platformtest.Tell(t, in.Addr, "/exit?code=1")
	ended(t, p)
	start(t, p, order)
	ready(t, p, 1)
	for _, pid := range children {
		if slices.Contains(h.processes(), pid) {
			t.Errorf("process %d of the run before is still there", pid)
		}
	}
	testkit.Await(t, "three processes", func() bool { return len(h.processes()) == 3 })
}

func TestAProcessThatHasTheNumberOfAnInstanceIsNotTouched(t *testing.T) {
	t.Parallel()
	h, p := opened(t)
	start(t, p, h.order(1))
	in := ready(t, p, 1)[0]
	pid := platformtest.WhoAmI(t, in.Addr).Pid
	platformtest.Tell(t, in.Addr, "/exit?code=0")
	ended(t, p)

	bystander := exec.Command("sleep", "3600")
	bystander.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bystander.Process.Kill(); _ = bystander.Wait() })
	changeRecord(t, h.inSlot(in.ID, "process.json"), `"pid":`+strconv.Itoa(pid), `"pid":`+strconv.Itoa(bystander.Process.Pid))

	if in := observe(t, p)[0]; in.Alive {
		t.Errorf("a process with the same number is taken for the instance: %+v", in)
	}
	start(t, p, h.order(1))
	stop(t, p, ready(t, p, 1)...)
	if err := bystander.Process.Signal(syscall.Signal(0)); err != nil {
		t.Fatalf("the bystander was ended: %v", err)
	}
}

func TestAStopThatWasCutOffGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := newClock()
	p := h.open(process.Options{Now: c.Now})
	stopAtEnd(t, p)
	order := h.order(1, "-ignore-term")
	order.Artefact.Stop.Grace = time.Hour
	order.Artefact.Health.Every = 0 // the clock stands still
	start(t, p, order)
	in := ready(t, p, 1)[0]

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first := make(chan error, 1)
	go func() { first <- p.Stop(ctx, stopOrder(in)) }()
	testkit.Await(t, "the signal", func() bool { return strings.Contains(h.log(in.ID), "got TERM") })
	testkit.Await(t, "the record of the signal", func() bool { return h.recorded(in.ID, "stopping.json", `"signalled":true`) })
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Fatalf("a stop that was cut off: %v", err)
	}
	if in := observe(t, p)[0]; !in.Alive || !in.Stopping || in.Serves() {
		t.Errorf("an instance that is being stopped is observed as %+v", in)
	}
	c.advance(time.Hour)
	next := h.open(process.Options{Now: c.Now})
	stop(t, next, in)
	if n := strings.Count(h.log(in.ID), "got TERM"); n != 1 {
		t.Errorf("it got its signal %d times, want once", n)
	}
}
