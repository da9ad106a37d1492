package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"cutover/internal/logtail"
	"cutover/internal/platform/docker/badge"
	"cutover/internal/probe"
)

// holdFor is how long a connection to a published port must last before it
// counts: Docker takes it first and closes it when nothing listens inside.
const holdFor = 200 * time.Millisecond

// Exec runs a command inside the container of an instance; Daemon.Exec is one
// for a given container.
type Exec func(ctx context.Context, argv []string) (code int, out []byte, err error)

// AskReady asks an instance that runs once, in the manner of its Health,
// whether it is ready; nil is yes. Addr is where it takes requests, "" for
// nowhere. It ends within the limit of the probe.
func AskReady(ctx context.Context, b badge.Badge, addr string, exec Exec) error {
	h := b.Spec.Health
	ctx, cancel := context.WithTimeout(ctx, probe.Limit(h))
	defer cancel()
	switch {
	case h.Running:
		return nil // whoever looks has seen that it runs
	case len(h.Command) > 0:
		return askCommand(ctx, b, exec)
	case addr == "":
		return errors.New("it has no address to be asked at: give the component a port, or a health command")
	}
	if err := probe.Ask(ctx, h, addr); err != nil || h.Path != "" || b.Spec.Direct {
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
func askCommand(ctx context.Context, b badge.Badge, exec Exec) error {
	argv := b.HealthCommand()
	code, out, err := exec(ctx, argv)
	switch {
	case ctx.Err() != nil:
		return probe.Explain(argv[0], context.DeadlineExceeded, probe.Limit(b.Spec.Health))
	case err != nil:
		return fmt.Errorf("ask whether it is ready: %w", err)
	case code == 0:
		return nil
	}
	if line := logtail.Last(out, b.Secrets()...); line != "" {
		return fmt.Errorf("%s: exit status %d: %s", argv[0], code, line)
	}
	return fmt.Errorf("%s: exit status %d", argv[0], code)
}
