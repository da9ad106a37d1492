package embedded

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cutover/internal/proxy/admin"
)

func TestARunningProxyIsAdoptedAndADeadOneReplaced(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	first := ensure(t, p)
	if again := ensure(t, p); again.PID != first.PID || again.Epoch != first.Epoch {
		t.Errorf("a second proxy was started: %+v, then %+v", first, again)
	}
	kill(t, p)
	if next := ensure(t, p); next.PID == first.PID || next.Epoch == first.Epoch {
		t.Errorf("the dead proxy was not replaced: %+v, then %+v", first, next)
	}
	if info, err := os.Stat(p.LogPath); err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Errorf("log: %v, %v", info, err)
	}
}

func TestTheProxyLivesInASessionOfItsOwn(t *testing.T) {
	t.Parallel()
	h := ensure(t, newProcess(t))
	sid, _, errno := syscall.Syscall(syscall.SYS_GETSID, uintptr(h.PID), 0, 0)
	if errno != 0 || int(sid) != h.PID {
		t.Errorf("session %d of process %d: %v", sid, h.PID, errno)
	}
	if parent, err := os.Readlink("/proc/self/fd/0"); err == nil {
		if stdin, err := os.Readlink("/proc/" + strconv.Itoa(h.PID) + "/fd/0"); err != nil || stdin != "/dev/null" {
			t.Errorf("its input is %q (ours %q), %v", stdin, parent, err)
		}
	}
}

func TestManyThatEnsureAtOnceGetOneProxy(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	epochs := map[string]int{}
	for range 3 {
		wg.Go(func() {
			h, err := p.Ensure(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			epochs[h.Epoch]++
		})
	}
	wg.Wait()
	if len(epochs) != 1 {
		t.Errorf("got %v", epochs)
	}
}

func TestAProxyThatCannotStartSaysWhyAtOnce(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	p.Command = []string{"/bin/sh", "-c", "echo the disk is on fire >&2; exit 3"}
	if _, err := p.Ensure(t.Context()); err == nil || !strings.Contains(err.Error(), "the disk is on fire") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
	p.Command = []string{"/nonexistent/cutover"}
	if _, err := p.Ensure(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	p.Command = nil
	if _, err := p.Ensure(t.Context()); err == nil {
		t.Error("nothing was started without a complaint")
	}
}

func TestAProxyThatDoesNotAnswerInTimeIsAnError(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	p.Within = 200 * time.Millisecond
	p.Command = []string{"/bin/sh", "-c", "echo still thinking; read x </dev/null; exec sleep 1"}
	if _, err := p.Ensure(t.Context()); err == nil || !strings.Contains(err.Error(), "no answer in time") || !strings.Contains(err.Error(), "still thinking") {
		t.Errorf("got %v", err)
	}
	long := &Process{Command: []string{"/bin/true"}, Client: admin.NewClient("/" + strings.Repeat("x", 200)), LogPath: p.LogPath}
	if _, err := long.Ensure(t.Context()); err == nil {
		t.Error("a socket path of 200 bytes was accepted")
	}
}

func TestOnlyAProxyThatEndedByItselfMayHaveMetAQuickerOne(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]bool{"kill -9 $$": true, "exit 1": false, "exit 0": false} {
		if got := killed(exec.Command("sh", "-c", script).Run()); got != want {
			t.Errorf("%s: killed is %v", script, got)
		}
	}
}
