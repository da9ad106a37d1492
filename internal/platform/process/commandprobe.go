package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"cutover/internal/environ"
	"cutover/internal/logtail"
	"cutover/internal/probe"
	"cutover/internal/release"
)

const (
	// probeOutput is how much of a probe's output is kept.
	probeOutput = 4 << 10
	// probeGrace is how long what a probe leaves running may hold its output.
	probeGrace = time.Second
)

// probeCommand runs a program beside the instance that has the slot: in its
// folder and with its variables, which are read from the process itself so
// that no secret of theirs is ever stored.
func probeCommand(ctx context.Context, h release.Health, s slot, run slotRun) error {
	env, dir, err := surroundings(run.Pid)
	if err != nil {
		return fmt.Errorf("ask whether it is ready: %w", err)
	}
	fill := placeholders(release.StartOrder{Stamp: release.Stamp{App: s.App}, Side: s.Side, Version: s.Version}, "", run.Port)
	args := make([]string, len(h.Command))
	for i, arg := range h.Command {
		args[i] = fill.Replace(arg)
	}
	path, err := findProgram(args[0], dir, lookup(env, "PATH"))
	if err != nil {
		return fmt.Errorf("ask whether it is ready: %w", err)
	}
	out := &tailBuffer{}
	cmd := exec.CommandContext(ctx, path, args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, env, out, out, probeGrace
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err = cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left running
	}
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success():
		return nil
	case ctx.Err() != nil:
		return probe.Explain(args[0], context.DeadlineExceeded, h.Timeout)
	}
	return fmt.Errorf("%s: %w%s", args[0], err, out.last(s.secrets()))
}

// surroundings reads the variables and the folder of a running process.
func surroundings(pid int) (env []string, dir string, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return nil, "", err
	}
	for entry := range bytes.SplitSeq(bytes.TrimRight(data, "\x00"), []byte{0}) {
		// What it starts is not of the instance and does not end with it.
		if !bytes.HasPrefix(entry, []byte(environ.InstanceVariable+"=")) {
			env = append(env, string(entry))
		}
	}
	dir, err = os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return env, dir, err
}

// tailBuffer keeps the end of what is written to it.
type tailBuffer struct{ data []byte }

// Write implements io.Writer. It never fails.
func (b *tailBuffer) Write(p []byte) (int, error) {
	b.data = append(b.data, p...)
	if over := len(b.data) - probeOutput; over > 0 {
		b.data = b.data[over:]
	}
	return len(p), nil
}

// last returns the last line, without the secrets.
func (b *tailBuffer) last(secrets []string) string {
	if line := logtail.Last(b.data, secrets...); line != "" {
		return ": " + line
	}
	return ""
}
