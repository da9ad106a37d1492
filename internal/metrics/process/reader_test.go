package process

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cutover/internal/signal"
	"cutover/internal/signal/signaltest"
	"cutover/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{
		"idle": func(ctx context.Context) error { <-ctx.Done(); return nil },
		// "family" uses memory, and some processor time in a child that ends.
		"family": func(ctx context.Context) error {
			if _, err := syscall.Setsid(); err != nil {
				return err
			}
			child := exec.Command("sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")
			if err := child.Run(); err != nil {
				return err
			}
			stays := exec.CommandContext(ctx, "sleep", "600")
			if err := stays.Start(); err != nil {
				return err
			}
			fmt.Println("child:", stays.Process.Pid)
			<-ctx.Done()
			_ = stays.Wait()
			return nil
		},
	})
}

func watched(measure string) signal.Signal {
	s := signal.Signal{Name: measure, Source: signal.Source{Kind: signal.Process, Query: measure}}
	m, _ := signal.FindMeasure(signal.Process, measure)
	s.Shape, s.Unit = m.Shape, m.Unit
	return s
}

func subject(old, fresh int) signal.Subject {
	return signal.Subject{
		Old: signal.Party{Label: "blue", Version: "1", Instances: []signal.Instance{{ID: "a", Pid: old}}},
		New: signal.Party{Label: "green", Version: "2", Instances: []signal.Instance{{ID: "b", Pid: fresh}}},
	}
}

func TestProcessesKeepTheReadersPromises(t *testing.T) {
	t.Parallel()
	for _, measure := range []string{signal.CPU, signal.Memory} {
		signaltest.Run(t, func(t *testing.T) signaltest.Stage {
			a, b := testkit.Start(t, "idle"), testkit.Start(t, "idle")
			return signaltest.Stage{
				Reader: New(), Signal: watched(measure), Wrong: watched("heap"), Subject: subject(a.Pid(), b.Pid()),
				Vanish: func() { a.Kill(); b.Kill() },
			}
		})
	}
}

func TestAnInstanceIsAllProcessesOfItsSession(t *testing.T) {
	t.Parallel()
	p := testkit.Start(t, "family")
	child, err := strconv.Atoi(p.Line("child: "))
	if err != nil {
		t.Fatal(err)
	}
	r := New().Read(t.Context(), watched(signal.Memory), subject(p.Pid(), child))
	if len(r) != 2 || r[0].Missing != "" || r[1].Missing != "" || r[0].Value <= r[1].Value || r[1].Value <= 0 {
		t.Errorf("the family has %+v", r)
	}
	r = New().Read(t.Context(), watched(signal.CPU), subject(p.Pid(), child))
	if r[0].Value < 0.02 {
		t.Errorf("the time of a child that has ended is lost: %+v", r)
	}
}

func TestAProcessThatEndedOrNeverWasIsMissing(t *testing.T) {
	t.Parallel()
	gone := exec.Command("true")
	if err := gone.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = gone.Wait() })
	testkit.Await(t, "the process to end", func() bool {
		return strings.Contains(New().Read(t.Context(), watched(signal.CPU), subject(gone.Process.Pid, 1))[0].Missing, "has ended")
	})
	for pid, says := range map[int]string{0: "not known on this machine", 1 << 30: "there is no process"} {
		if r := New().Read(t.Context(), watched(signal.CPU), subject(1, pid)); !strings.Contains(r[1].Missing, says) {
			t.Errorf("%+v; want %q", r[1], says)
		}
	}
	alone := subject(1, 1)
	alone.New.Instances = nil
	if r := New().Read(t.Context(), watched(signal.CPU), alone); !strings.Contains(r[1].Missing, "no instance runs") {
		t.Errorf("%+v", r)
	}
}

func TestAPidThatComesToMeanAnotherProcessIsAnotherEpoch(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	entry := func(started int) {
		line := fmt.Sprintf("7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 %d 999 25 0", started)
		if err := os.MkdirAll(filepath.Join(folder, "7"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "7", "stat"), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := &Reader{proc: folder}
	entry(1000)
	first := r.Read(t.Context(), watched(signal.CPU), subject(7, 7))[0]
	entry(2000)
	second := r.Read(t.Context(), watched(signal.CPU), subject(7, 7))[0]
	if first.Value != 2 || first.Epoch == second.Epoch {
		t.Errorf("%+v and %+v", first, second)
	}
	for _, line := range []string{"", "7 (a) S 1", "7 (a) S 1 7 x 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 1 1 1 0"} {
		if err := os.WriteFile(filepath.Join(folder, "7", "stat"), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := r.Read(t.Context(), watched(signal.CPU), subject(7, 7))[0]; !strings.Contains(got.Missing, "not understood") {
			t.Errorf("%q: %+v", line, got)
		}
	}
	empty := &Reader{proc: t.TempDir()}
	if got := empty.Read(t.Context(), watched(signal.CPU), subject(7, 7))[0]; !strings.Contains(got.Missing, "needs Linux's /proc") {
		t.Errorf("%+v", got)
	}
}
