package process

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cutover/internal/environ"
	"cutover/internal/testkit"
)

func TestAStatLineIsReadWhateverTheProgramIsCalled(t *testing.T) {
	t.Parallel()
	const rest = " S 1 77 77 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 10 11"
	for _, name := range []string{"(sh)", "(a b)", "(a) S 1 2 3)", "((()))", "()"} {
		s, err := parseStat(77, "77 "+name+rest)
		if want := (procStat{pid: 77, state: 'S', parent: 1, session: 77, ticks: 987654}); err != nil || s != want {
			t.Errorf("%s: %+v, %v; want %+v", name, s, err, want)
		}
	}
	for _, line := range []string{"", "77 (sh) S 1", "77 (sh)" + strings.Replace(rest, "987654", "soon", 1)} {
		if s, err := parseStat(77, line); err == nil {
			t.Errorf("%q was read as %+v", line, s)
		}
	}
}

func TestAProcessIsKnownByItsStartAndNotOnlyByItsNumber(t *testing.T) {
	t.Parallel()
	me, err := self()
	if err != nil {
		t.Fatal(err)
	}
	later, elsewhere := me, me
	later.Ticks++
	elsewhere.Boot = "another"
	for name, c := range map[string]struct {
		id   identity
		want bool
	}{"this process": {me, true}, "another start": {later, false}, "another boot": {elsewhere, false}, "nobody": {identity{}, false}} {
		if runs, err := c.id.runs(); err != nil || runs != c.want {
			t.Errorf("%s runs: %v, %v; want %v", name, runs, err, c.want)
		}
	}
}

func TestASignalReachesOnlyTheProcessThatIsMeant(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "3600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	stat, found, err := readStat(cmd.Process.Pid)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	boot, err := bootID()
	if err != nil {
		t.Fatal(err)
	}
	meant := identity{Pid: stat.pid, Boot: boot, Ticks: stat.ticks}
	other := meant
	other.Ticks--
	if err := other.signal(syscall.SIGKILL); err != nil {
		t.Errorf("signal a process that is gone: %v", err)
	}
	if runs, err := meant.runs(); err != nil || !runs {
		t.Fatalf("a process with the same number was ended: %v, %v", runs, err)
	}
	if err := meant.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-ended
	if err := meant.signal(syscall.SIGTERM); err != nil {
		t.Errorf("signal a process that has been reaped: %v", err)
	}
}

// When the leader is gone, only what can belong to it may be ended.
func TestAfterTheLeaderStrangersInItsSessionAreSpared(t *testing.T) {
	t.Parallel()
	// Each shell leads a session, leaves a child behind and ends.
	for name, c := range map[string]struct {
		env  []string
		want bool
	}{
		"a child with the instance's environment": {[]string{"A=b", environ.InstanceVariable + "=blue-1"}, true},
		"a child with an empty environment":       {[]string{}, true},
		"a child with another environment":        {[]string{"A=b", "HOME=/root"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			leader, child := orphan(t, c.env)
			list, err := newFamily(leader).members()
			if err != nil {
				t.Fatal(err)
			}
			if got := len(list) == 1 && list[0] == child; got != c.want || len(list) > 1 {
				t.Fatalf("members %+v; child %+v among them: want %v", list, child, c.want)
			}
		})
	}
}

// orphan returns a session leader that has ended and its child, which runs.
func orphan(t *testing.T, env []string) (leader, child identity) {
	t.Helper()
	stdin, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	// The shells would add variables of their own, so env -i comes last. The
	// child copies standard input, which ends with the test.
	words := append([]string{"-c", `/usr/bin/env -i "$@" /bin/cat <&3 >/dev/null & read line`, "sh"}, env...)
	cmd := exec.Command("/bin/sh", words...)
	cmd.ExtraFiles = []*os.File{stdin}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	wait, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stat, _, err := readStat(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	boot, err := bootID()
	if err != nil {
		t.Fatal(err)
	}
	leader = identity{Pid: stat.pid, Boot: boot, Ticks: stat.ticks}
	family := newFamily(leader)
	testkit.Await(t, "the child", func() bool {
		list, err := family.members()
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range list {
			name, _ := os.ReadFile("/proc/" + strconv.Itoa(id.Pid) + "/comm")
			if id != leader && strings.TrimSpace(string(name)) == "cat" {
				child = id
			}
		}
		return child.Pid != 0
	})
	wait.Close()
	_ = cmd.Wait()
	t.Cleanup(func() {
		hold.Close()
		testkit.Await(t, "the end of the child", func() bool {
			runs, err := child.runs()
			return err == nil && !runs
		})
	})
	return leader, child
}
