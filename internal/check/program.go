package check

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cutover/internal/environ"
	"cutover/internal/logtail"
	"cutover/internal/release"
)

const (
	// keptOutput is how much of a program's output is remembered.
	keptOutput = 8 << 10
	// outputGrace is how long what a program leaves running may hold its
	// output open.
	outputGrace = time.Second
)

// program is a command check made ready.
type program struct {
	spec release.CommandCheck
	app  string
}

// newProgram makes sure that the program is there.
func newProgram(spec release.CommandCheck, app string) (*program, error) {
	name := spec.Args[0]
	if strings.ContainsRune(name, filepath.Separator) && !filepath.IsAbs(name) {
		name = filepath.Join(spec.Dir, name)
	}
	if _, err := exec.LookPath(name); err != nil {
		return nil, fmt.Errorf("find the program: %w: install it, or write its full path", err)
	}
	return &program{spec: spec, app: app}, nil
}

// put implements question.
func (p *program) put(ctx context.Context, in release.Instance) (answer, error) {
	cmd := exec.CommandContext(ctx, p.spec.Args[0], p.spec.Args[1:]...)
	out := logtail.NewEnd(keptOutput)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.spec.Dir, p.environment(in), out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	cmd.WaitDelay = outputGrace
	began := time.Now()
	if err := cmd.Start(); err != nil {
		if ctx.Err() != nil {
			return answer{evidence: context.Cause(ctx).Error()}, nil
		}
		return answer{}, fmt.Errorf("start the program: %w", err)
	}
	err := cmd.Wait()
	// What it left running in its group has no business after its answer.
	if kill := killGroup(cmd.Process.Pid); kill != nil && !errors.Is(kill, os.ErrProcessDone) {
		return answer{}, fmt.Errorf("end what the program left running: %w", kill)
	}
	return judgeExit(ctx, cmd, err, out.String(), time.Since(began)), nil
}

func judgeExit(ctx context.Context, cmd *exec.Cmd, err error, out string, took time.Duration) answer {
	// Children that kept the output open do not change the exit code.
	passed := (err == nil || errors.Is(err, exec.ErrWaitDelay)) && cmd.ProcessState.Success()
	seen := fmt.Sprintf("%s in %s", cmd.ProcessState, took.Round(time.Millisecond))
	var late timeoutError
	if !passed && errors.As(context.Cause(ctx), &late) {
		seen = fmt.Sprintf("it had not ended after %s and was killed", time.Duration(late))
	}
	if text := tail(readable(environ.Mask(out)), maxExcerpt); text != "" {
		seen += "; output: " + text
	} else if !passed {
		seen += "; it wrote nothing"
	}
	return answer{passed: passed, evidence: seen}
}

func (p *program) environment(in release.Instance) []string {
	return append(environ.Base(),
		"CUTOVER_ADDR="+in.Addr,
		"CUTOVER_URL=http://"+in.Addr,
		"CUTOVER_APP="+p.app,
		"CUTOVER_VERSION="+in.Version,
		"CUTOVER_SIDE="+string(in.Side),
		"CUTOVER_INSTANCE="+in.ID,
	)
}

// killGroup ends the process group led by pid; os.ErrProcessDone if there is
// none any more.
func killGroup(pid int) error {
	err := syscall.Kill(-pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
