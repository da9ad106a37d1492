package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cutover/internal/proxy/admin"
)

// Process makes sure that the proxy runs, as a process that outlives this
// one.
type Process struct {
	// Command is the program and its arguments, such as
	// cutover proxy --state DIR.
	Command []string
	// Env is added to this process's environment.
	Env []string
	// Client speaks to the socket that the program opens.
	Client *admin.Client
	// LogPath is the file that takes what the program prints; it is appended
	// to and made with mode 0600, its folder with 0700.
	LogPath string
	// Within bounds how long the program may take until it answers; 15 s if 0.
	Within time.Duration
}

const (
	defaultWithin = 15 * time.Second
	// healthTimeout bounds one question to a proxy that may hang.
	healthTimeout = 2 * time.Second
	healthEvery   = 20 * time.Millisecond
	// tailBytes is how much of the log goes into an error.
	tailBytes = 600
)

// Ensure returns when a proxy answers: the one that runs already, or one that
// it has started. Call it again at any time, also from several processes: the
// state folder lets only one proxy live. It returns an error with the end of
// the log if none answers within the time, and then leaves none behind that
// it has started.
func (p *Process) Ensure(ctx context.Context) (admin.Health, error) {
	within := p.Within
	if within <= 0 {
		within = defaultWithin
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if h, err := p.health(ctx); err == nil {
		return h, nil
	}
	begin, err := p.logSize()
	if err != nil {
		return admin.Health{}, fmt.Errorf("start proxy: %w", err)
	}
	child, exited, err := p.start(p.Command)
	if err != nil {
		return admin.Health{}, fmt.Errorf("start proxy: %w", err)
	}
	h, err := p.await(ctx, exited, begin)
	if err != nil || h.PID != child.Pid {
		// Another one was quicker, or this one is of no use: it must not come
		// to life later, when nobody expects it.
		_ = child.Kill()
	}
	return h, err
}

func (p *Process) health(ctx context.Context) (admin.Health, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	return p.Client.Health(ctx)
}

// start runs the program in a session of its own, so that no signal to this
// process or its terminal reaches it. The channel gets how it ended.
func (p *Process) start(command []string) (*os.Process, <-chan error, error) {
	if len(command) == 0 {
		return nil, nil, errors.New("no command is given")
	}
	log, err := os.OpenFile(p.LogPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), p.Env...)
	cmd.Dir = "/" // keeps no folder busy
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }() // takes the exit status, so that no zombie stays
	return cmd.Process, exited, nil
}

// await asks until a proxy answers. Where the started one has ended by itself,
// another may have been quicker: it gets a last chance.
func (p *Process) await(ctx context.Context, exited <-chan error, begin int64) (admin.Health, error) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		h, err := p.health(ctx)
		if err == nil {
			return h, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return h, fmt.Errorf("start proxy: no answer in time: %w; its log %s ends: %s", err, p.LogPath, p.tail(begin))
		case end := <-exited:
			if !killed(end) {
				if h, err := p.lastChance(ctx); err == nil {
					return h, nil
				}
			}
			return h, fmt.Errorf("start proxy: it ended at once (%v); its log %s ends: %s", end, p.LogPath, p.tail(begin))
		}
	}
}

// killed says whether a signal ended the program: nobody was quicker then.
func killed(end error) bool {
	var exit *exec.ExitError
	return errors.As(end, &exit) && exit.ExitCode() < 0
}

func (p *Process) lastChance(ctx context.Context) (admin.Health, error) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for tries := 0; ; tries++ {
		h, err := p.health(ctx)
		if err == nil || tries == 50 {
			return h, err
		}
		select {
		case <-ctx.Done():
			return h, err
		case <-tick.C:
		}
	}
}

func (p *Process) logSize() (int64, error) {
	if err := os.MkdirAll(filepath.Dir(p.LogPath), 0o700); err != nil {
		return 0, fmt.Errorf("make log folder: %w", err)
	}
	info, err := os.Stat(p.LogPath)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look at log: %w", err)
	}
	return info.Size(), nil
}

// tail returns the end of what was logged since begin, on one line.
func (p *Process) tail(begin int64) string {
	f, err := os.Open(p.LogPath)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		begin = max(begin, info.Size()-tailBytes)
	}
	text, err := io.ReadAll(io.NewSectionReader(f, begin, tailBytes))
	if err != nil {
		return err.Error()
	}
	if len(text) == 0 {
		return "(nothing)"
	}
	return strings.Join(strings.Fields(string(text)), " ")
}
