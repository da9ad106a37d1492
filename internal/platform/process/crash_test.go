package process_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/platform/platformtest"
	"cutover/internal/platform/process"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

// controllerRole is a controller in a process of its own, to be killed. It
// fulfils the orders it is given and then waits.
func controllerRole(ctx context.Context) error {
	p, err := process.New(process.Options{StateDir: os.Getenv("TEST_STATE"), ShimArgs: []string{shimArg}})
	if err != nil {
		return err
	}
	var orders struct {
		Start release.StartOrder
		Stop  release.StopOrder
	}
	if err := json.Unmarshal([]byte(os.Getenv("TEST_ORDERS")), &orders); err != nil {
		return err
	}
	fmt.Println("controller: begins")
	if orders.Start.Count > 0 {
		err = p.Start(ctx, orders.Start)
	} else {
		err = p.Stop(ctx, orders.Stop)
	}
	if err != nil {
		return err
	}
	fmt.Println("controller: done")
	<-ctx.Done()
	return nil
}

// controller starts controllerRole with one order.
func (h *house) controller(order any) *testkit.Process {
	h.t.Helper()
	data, err := json.Marshal(map[string]any{strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", order), "release."), "Order"): order})
	if err != nil {
		h.t.Fatal(err)
	}
	return testkit.Start(h.t, "controller", "TEST_STATE="+h.dir, "TEST_ORDERS="+string(data), "GORACE=atexit_sleep_ms=0")
}

// count counts the files in the state folder whose names end like that.
func (h *house) count(suffix string) int {
	n := 0
	// Files come and go meanwhile; only the number matters.
	_ = filepath.WalkDir(h.dir, func(path string, _ fs.DirEntry, _ error) error {
		if strings.HasSuffix(path, suffix) {
			n++
		}
		return nil
	})
	return n
}

func TestAControllerKilledWhileItStartsInstancesLosesAndDoublesNone(t *testing.T) {
	t.Parallel()
	moments := []struct {
		file  string
		count int
	}{
		{"lock", 1}, {"book.json", 1}, {"slot.json", 1}, {".log", 1}, {"process.json", 1},
		{"slot.json", 2}, {".log", 2}, {"process.json", 2}, {"slot.json", 3}, {"process.json", 3},
	}
	for _, m := range moments {
		t.Run(fmt.Sprintf("%s-%d", m.file, m.count), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			order := h.order(3)
			first := h.controller(order)
			first.Line("controller: begins")
			for deadline := time.Now().Add(5 * time.Minute); h.count(m.file) < m.count; {
				if time.Now().After(deadline) {
					t.Fatalf("there never were %d files %s; the controller says:\n%s", m.count, m.file, first.Output())
				}
			}
			first.Kill()

			p := h.open(process.Options{})
			stopAtEnd(t, p)
			start(t, p, order)
			h.mustRunExactly(p, 3)
		})
	}
}

// mustRunExactly checks that count instances serve, each the only process in
// its slot, none of them started twice.
func (h *house) mustRunExactly(p *process.Platform, count int) {
	h.t.Helper()
	list := ready(h.t, p, count)
	if len(list) != count {
		h.t.Fatalf("%d slots for %d instances: %+v", len(list), count, list)
	}
	for _, in := range list {
		if self := platformtest.WhoAmI(h.t, in.Addr); self.Get("CUTOVER_INSTANCE") != in.ID || in.Restarts != 0 {
			h.t.Errorf("%+v is answered for by %s", in, self.Get("CUTOVER_INSTANCE"))
		}
	}
	// A shim of the dead controller may be about to find its slot taken.
	testkit.Await(h.t, fmt.Sprintf("%d processes", count), func() bool { return len(h.processes()) == count })
}

func TestAControllerKilledWhileItStopsInstancesLeavesTheRestToTheNext(t *testing.T) {
	t.Parallel()
	for _, m := range []struct {
		file  string
		count int
	}{{"stopping.json", 1}, {"stopping.json", 2}} {
		t.Run(fmt.Sprintf("%s-%d", m.file, m.count), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			p := h.open(process.Options{})
			stopAtEnd(t, p)
			order := h.order(2)
			start(t, p, order)
			list := ready(t, p, 2)
			first := h.controller(stopOrder(list...))
			first.Line("controller: begins")
			for deadline := time.Now().Add(5 * time.Minute); h.count(m.file) < m.count && len(h.processes()) > 0; {
				if time.Now().After(deadline) {
					t.Fatalf("nothing was stopped; the controller says:\n%s", first.Output())
				}
			}
			first.Kill()
			stop(t, p, list...)
			if left := observe(t, p); len(left) > 0 {
				t.Fatalf("there are left %+v", left)
			}
		})
	}
}

func TestInstancesOutliveTheirController(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	order := h.order(2)
	first := h.controller(order)
	first.Line("controller: done")
	p := h.open(process.Options{})
	stopAtEnd(t, p)
	before := ready(t, p, 2)
	first.Kill()
	after := observe(t, p)
	for i := range before {
		if before[i] != after[i] {
			t.Errorf("the end of the controller turned %+v into %+v", before[i], after[i])
		}
	}
	h.mustRunExactly(p, 2)
}

func TestAnInstanceNobodyReapsHasEnded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.controller(h.order(1))
	first.Line("controller: done")
	p := h.open(process.Options{})
	stopAtEnd(t, p)
	in := ready(t, p, 1)[0]
	pid := platformtest.WhoAmI(t, in.Addr).Pid
	// A parent that is stopped does not reap: its child stays a zombie.
	if err := syscall.Kill(first.Pid(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the controller to stand still", func() bool { return standsStill(t, first.Pid()) })
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	in = ended(t, p)
	if !exists(pid) {
		t.Fatal("the process was reaped: this test shows nothing")
	}
	if !strings.Contains(in.Detail, "no controller was there") {
		t.Errorf("how it ended is told as %q, but nobody can know", in.Detail)
	}
	stop(t, p, in)
}

// standsStill reports whether every thread of the process is stopped.
func standsStill(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("list the threads of %d: %v", pid, err)
	}
	for _, file := range threads {
		if stat, err := os.ReadFile(file); err != nil || !strings.Contains(string(stat), ") T ") {
			return false
		}
	}
	return true
}
