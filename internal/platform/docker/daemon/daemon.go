// Package daemon speaks to Docker daemons: it finds them, bounds every question,
// says what an error means, and looks after images, logs and commands inside
// containers.
package daemon

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

// Daemon is one Docker daemon.
type Daemon struct {
	*client.Client
	// Socket is its address.
	Socket string
}

// Set has one client for each socket. A client connects when it is used,
// and settles on a version of the API with the daemon by itself. It
// is safe for use by several goroutines.
type Set struct {
	mu sync.Mutex
	by map[string]*Daemon
}

// NewSet returns a set that knows no daemon yet.
func NewSet() *Set { return &Set{by: map[string]*Daemon{}} }

// At returns the daemon at socket. It does not speak to it.
func (ds *Set) At(socket string) (*Daemon, error) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if d := ds.by[socket]; d != nil {
		return d, nil
	}
	c, err := client.New(client.WithHost(socket))
	if err != nil {
		return nil, fmt.Errorf("use the Docker daemon at %q: %w", socket, err)
	}
	ds.by[socket] = &Daemon{Client: c, Socket: socket}
	return ds.by[socket], nil
}

// Close gives all connections up.
func (ds *Set) Close() error {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	var failed []error
	for _, d := range ds.by {
		failed = append(failed, d.Close())
	}
	ds.by = map[string]*Daemon{}
	return errors.Join(failed...)
}

// Explain adds what can be done about an error that says nothing of it.
func (d *Daemon) Explain(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case client.IsErrConnectionFailed(err):
		return fmt.Errorf("%s: no Docker daemon answers at %s: start it, correct runtime.socket in the app file, or let cutover's user use the socket (group docker): %w", what, d.Socket, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: the Docker daemon at %s does not answer in time: look at its log: %w", what, d.Socket, err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("%s: the Docker daemon at %s went away meanwhile: see whether it runs, and in its log why: %w", what, d.Socket, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Gone reports whether an error says that what was asked for is not there.
func Gone(err error) bool { return errdefs.IsNotFound(err) }

// Bounded gives one call to a daemon its limit.
func Bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, callWithin)
}
