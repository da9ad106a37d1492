package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"cutover/internal/logtail"
	"cutover/internal/probe"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// holdFor is how long a connection to a published port must last before it
// counts: Docker takes it first and closes it when nothing listens inside.
const holdFor = 200 * time.Millisecond

// askReady asks once, in the manner of the slot's Health.
func (s slot) askReady(ctx context.Context, addr string) error {
	h := s.spec.Health
	ctx, cancel := context.WithTimeout(ctx, probe.Limit(h))
	defer cancel()
	switch {
	case h.Running:
		return nil // whoever looks has seen that it runs
	case len(h.Command) > 0:
		return s.askCommand(ctx)
	case addr == "":
		return errors.New("it has no address to be asked at: give the component a port, or a health command")
	}
	if err := probe.Ask(ctx, h, addr); err != nil || h.Path != "" || s.spec.Direct {
		return err
	}
	return holds(ctx, addr)
}

// holds makes sure that a connection to addr is not closed at once.
func holds(ctx context.Context, addr string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", addr, err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(holdFor)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("connect to %s: nothing listens on its port yet", addr)
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("connect to %s: %w", addr, err)
	}
	return nil
}

// askCommand runs the probe's command inside the container. One that outlasts
// its time is left to end by itself: the daemon cannot be asked to end it.
func (s slot) askCommand(ctx context.Context) error {
	h := s.spec.Health
	fill := strings.NewReplacer("{{port}}", strconv.Itoa(s.spec.Port), "{{version}}", s.version, "{{app}}", s.app, "{{side}}", string(s.side))
	argv := make([]string, len(h.Command))
	for i, arg := range h.Command {
		argv[i] = fill.Replace(arg)
	}
	code, out, err := s.exec(ctx, argv)
	switch {
	case ctx.Err() != nil:
		return probe.Explain(argv[0], context.DeadlineExceeded, probe.Limit(h))
	case err != nil:
		return fmt.Errorf("ask whether it is ready: %w", err)
	case code == 0:
		return nil
	}
	if line := logtail.Last(out, s.secrets()...); line != "" {
		return fmt.Errorf("%s: exit status %d: %s", argv[0], code, line)
	}
	return fmt.Errorf("%s: exit status %d", argv[0], code)
}

// exec runs argv inside the container and returns its exit status and the end
// of its output.
func (s slot) exec(ctx context.Context, argv []string) (code int, out []byte, err error) {
	made, err := s.daemon.ExecCreate(ctx, s.container, client.ExecCreateOptions{Cmd: argv, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return 0, nil, s.daemon.explain("run "+argv[0], err)
	}
	run, err := s.daemon.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return 0, nil, s.daemon.explain("run "+argv[0], err)
	}
	defer run.Close()
	defer context.AfterFunc(ctx, run.Close)()
	tail := &tailBuffer{}
	if _, err := stdcopy.StdCopy(tail, tail, run.Reader); err != nil {
		return 0, nil, s.daemon.explain("read what "+argv[0]+" says", err)
	}
	end, err := s.daemon.ExecInspect(ctx, made.ID, client.ExecInspectOptions{})
	if err != nil {
		return 0, nil, s.daemon.explain("run "+argv[0], err)
	}
	return end.ExitCode, tail.Bytes(), nil
}
