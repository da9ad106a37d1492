package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"cutover/internal/release"
)

// launchWait is how long a shim may take to become the program: next to no
// time, unless other programs leave it none.
const launchWait = time.Minute

// launch starts the slot's program. It returns when the program has been
// executed, or found running.
func (p *Platform) launch(ctx context.Context, s slot, order release.StartOrder, files string, run slotRun) error {
	port, err := p.ports.take(run.Port)
	if err != nil {
		return err
	}
	defer p.ports.giveBack(port)
	run.Port, run.At = port, p.opt.Now()
	prog, err := p.program(order, files, s.ID, port)
	if err != nil {
		return err
	}
	said, err := p.startShim(ctx, s, prog, run)
	switch {
	case err != nil:
		return fmt.Errorf("launch %s: %w", s.ID, err)
	case said.Error != "":
		return fmt.Errorf("launch %s: %s", s.ID, said.Error)
	case said.Running:
		return nil
	}
	p.opt.Logger.Info("instance launched", "app", s.App, "instance", s.ID, "version", s.Version, "addr", s.addr(run), "restarts", run.Restarts)
	return nil
}

// startShim runs the shim in a session of its own and listens to its report.
func (p *Platform) startShim(ctx context.Context, s slot, prog program, run slotRun) (outcome, error) {
	run.Umask = p.opt.Umask
	launch, err := json.Marshal(run)
	if err != nil {
		return outcome{}, err
	}
	log, err := openLog(p.at.log(s.App, s.ID))
	if err != nil {
		return outcome{}, err
	}
	defer log.Close()
	report, toController, err := os.Pipe()
	if err != nil {
		return outcome{}, err
	}
	defer report.Close()
	args := append(append([]string{}, p.opt.ShimArgs...), s.folder, string(launch), prog.path)
	cmd := exec.Command(p.opt.Executable, append(args, prog.args...)...)
	cmd.Env, cmd.Dir = prog.env, prog.dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{toController}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := errors.Join(cmd.Start(), toController.Close()); err != nil {
		return outcome{}, err
	}
	p.children.reap(cmd, func(pid int, how string) { p.noteEnd(s, pid, how) })
	return readOutcome(ctx, report)
}

// readOutcome waits until the shim has reported or become the program. A shim
// that neither does in time may still become the program later: the slot's
// record will tell.
func readOutcome(ctx context.Context, report *os.File) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, launchWait)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = report.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	data, err := io.ReadAll(io.LimitReader(report, 64<<10))
	if err != nil {
		return outcome{}, fmt.Errorf("wait for the program to be executed: %w", errors.Join(ctx.Err(), err))
	}
	if len(data) == 0 {
		return outcome{}, nil
	}
	var said outcome
	if err := json.Unmarshal(data, &said); err != nil {
		return outcome{}, fmt.Errorf("read the shim's report: %w", err)
	}
	return said, nil
}

func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
}
