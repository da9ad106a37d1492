package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// callWithin bounds one question to a daemon.
const callWithin = 30 * time.Second

// daemon is one Docker daemon.
type daemon struct {
	*client.Client
	socket string
}

// daemons has one client for each socket. A client connects when it is used,
// and settles on a version of the API with the daemon by itself.
type daemons struct {
	mu sync.Mutex
	by map[string]*daemon
}

func newDaemons() *daemons { return &daemons{by: map[string]*daemon{}} }

func (ds *daemons) at(socket string) (*daemon, error) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if d := ds.by[socket]; d != nil {
		return d, nil
	}
	c, err := client.New(client.WithHost(socket))
	if err != nil {
		return nil, fmt.Errorf("use the Docker daemon at %q: %w", socket, err)
	}
	ds.by[socket] = &daemon{Client: c, socket: socket}
	return ds.by[socket], nil
}

func (ds *daemons) close() error {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	var failed []error
	for _, d := range ds.by {
		failed = append(failed, d.Close())
	}
	ds.by = map[string]*daemon{}
	return errors.Join(failed...)
}

// explain adds what can be done about an error that says nothing of it.
func (d *daemon) explain(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case client.IsErrConnectionFailed(err):
		return fmt.Errorf("%s: no Docker daemon answers at %s: start it, correct runtime.socket in the app file, or let cutover's user use the socket (group docker): %w", what, d.socket, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: the Docker daemon at %s does not answer in time: look at its log: %w", what, d.socket, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("%s: the Docker daemon at %s went away meanwhile: see whether it runs, and in its log why: %w", what, d.socket, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// gone reports whether an error says that what was asked for is not there.
func gone(err error) bool { return errdefs.IsNotFound(err) }

// bounded gives one call to a daemon its limit.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callWithin)
}
