package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/check"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

func shell(script string) release.Check {
	return release.Check{Name: "smoke", Command: &release.CommandCheck{Args: []string{"sh", "-c", script}}, Timeout: 20 * time.Second}
}

var someone = release.Instance{ID: "green-7", Side: release.Green, Version: "2.0", Addr: "127.0.0.1:4711"}

func TestAProgramPassesByItsExitCode(t *testing.T) {
	t.Parallel()
	mustShow(t, run(t, shell("echo all is well"), someone), true, "green-7: exit status 0", "output: all is well")
	mustShow(t, run(t, shell("echo chart 12 is empty >&2; exit 3"), someone), false, "exit status 3", "output: chart 12 is empty")
	mustShow(t, run(t, shell("exit 1"), someone), false, "it wrote nothing")
	mustShow(t, run(t, shell("kill -9 $$"), someone), false, "signal: killed")
}

func TestAProgramKnowsWhomToAskAndNothingElse(t *testing.T) {
	t.Setenv("CHECK_TEST_SECRET", "hunter2")
	dir := t.TempDir()
	out := filepath.Join(dir, "env")
	c := shell("env > env")
	c.Command.Dir = dir
	mustShow(t, run(t, c, someone), true)
	env, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"CUTOVER_ADDR=127.0.0.1:4711", "CUTOVER_URL=http://127.0.0.1:4711", "CUTOVER_VERSION=2.0", "CUTOVER_SIDE=green", "CUTOVER_APP=shop", "CUTOVER_INSTANCE=green-7", "PATH="} {
		if !strings.Contains("\n"+string(env), "\n"+want) {
			t.Errorf("the environment lacks %s:\n%s", want, env)
		}
	}
	if strings.Contains(string(env), "hunter2") {
		t.Error("a secret of cutover's own was handed on")
	}
}

func TestTheEndOfALongOutputIsShown(t *testing.T) {
	t.Parallel()
	r := run(t, shell("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; echo password at postgres://u:s3cr3t@db; exit 1"), someone)
	mustShow(t, r, false, "line 2999", "postgres://u:***@db")
	if strings.Contains(r.Evidence, "line 100 ") {
		t.Errorf("the beginning is shown: %s", r.Evidence)
	}
}

func TestAProgramThatTakesTooLongIsKilledWithItsChildren(t *testing.T) {
	t.Parallel()
	pidFile := filepath.Join(t.TempDir(), "pids")
	c := shell(fmt.Sprintf("trap '' TERM; sleep 3601 & echo $! $$ > %s; echo still at it; wait", pidFile))
	c.Timeout = time.Second
	mustShow(t, run(t, c, someone), false, "it had not ended after 1s and was killed", "output: still at it")
	mustBeGone(t, pidFile)
}

func TestWhatAProgramLeavesRunningIsEnded(t *testing.T) {
	t.Parallel()
	for name, redirect := range map[string]string{"holding the output": "", "silent": ">/dev/null 2>&1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pidFile := filepath.Join(t.TempDir(), "pids")
			c := shell(fmt.Sprintf("sleep 3601 %s & echo $! > %s; echo done", redirect, pidFile))
			mustShow(t, run(t, c, someone), true, "exit status 0", "output: done")
			mustBeGone(t, pidFile)
		})
	}
}

// mustBeGone waits until the processes in a file have ended. An orphan nobody
// reaps stays as a zombie.
func mustBeGone(t *testing.T, pidFile string) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	if err != nil || len(strings.Fields(string(text))) == 0 {
		t.Fatalf("the program has not told its processes: %q, %v", text, err)
	}
	for _, field := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Await(t, "the end of process "+field, func() bool {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return err != nil && syscall.Kill(pid, 0) != nil || strings.Contains(string(stat), ") Z ")
		})
	}
}

func TestAProgramIsFoundInItsFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "smoke.sh"), []byte("#!/bin/sh\necho from $PWD\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := release.Check{Name: "smoke", Command: &release.CommandCheck{Args: []string{"./smoke.sh"}, Dir: dir}}
	mustShow(t, run(t, c, someone), true, "from "+dir)
	c.Command.Args[0] = "./gone.sh"
	if _, err := (check.Runner{}).Run(t.Context(), release.CheckOrder{Checks: []release.Check{c}, Instances: []release.Instance{someone}}); err == nil {
		t.Error("a program that is not there was no error")
	}
}
