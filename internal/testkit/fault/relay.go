package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"
)

// Harm is what a Relay does to a call.
type Harm string

// The harms. None of them makes a call arrive twice.
const (
	// Drops takes the call, passes nothing on, and hangs up.
	Drops Harm = "admin calls dropped"
	// Delays passes the call on after a while.
	Delays Harm = "admin calls delayed"
	// Cuts passes the call on and hangs up within the answer: it was obeyed,
	// and who gave it does not know.
	Cuts Harm = "admin answers cut"
)

// Relay stands between a Unix socket and its callers, and harms a share of
// the calls.
type Relay struct {
	// Path is the socket.
	Path string
	Harm Harm
	// Share, 0..1, of the calls are harmed; the dice are thrown from Seed.
	Share float64
	Seed  uint64
	// Delay is how long Delays holds a call up.
	Delay time.Duration
}

var _ Fault = Relay{}

// Name implements Fault.
func (r Relay) Name() string { return string(r.Harm) }

// cutAfter is how many bytes of an answer get through when it is cut: less
// than its head.
const cutAfter = 20

// Inject implements Fault. When it is mended, calls under way are hung up on.
func (r Relay) Inject(context.Context) (func() error, error) {
	if err := setAside(r.Path); err != nil {
		return nil, fmt.Errorf("stand between: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: r.Path, Net: "unix"})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("stand between: %w", err), os.Rename(aside(r.Path), r.Path))
	}
	l.SetUnlinkOnClose(false)
	mine, err := os.Lstat(r.Path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("stand between: %w", err), l.Close(), os.Rename(aside(r.Path), r.Path))
	}
	ctx, cancel := context.WithCancel(context.Background())
	var calls sync.WaitGroup
	calls.Go(func() { r.listen(ctx, l, &calls) })
	return func() error {
		// The socket is put back first: nobody is to be refused in between.
		err := putBack(r.Path, func(now fs.FileInfo) bool { return os.SameFile(mine, now) })
		cancel()
		err = errors.Join(err, l.Close())
		calls.Wait()
		return err
	}, nil
}

// listen takes calls until the listener is closed.
func (r Relay) listen(ctx context.Context, l *net.UnixListener, calls *sync.WaitGroup) {
	dice := rand.New(rand.NewPCG(r.Seed, 1))
	for {
		call, err := l.Accept()
		if err != nil {
			return
		}
		harmed := dice.Float64() < r.Share
		calls.Go(func() { r.carry(ctx, call, harmed) })
	}
}

// carry passes one connection on.
func (r Relay) carry(ctx context.Context, call net.Conn, harmed bool) {
	defer call.Close()
	if harmed && r.Harm == Drops || harmed && r.Harm == Delays && !pause(ctx, r.Delay) {
		return
	}
	onward, err := new(net.Dialer).DialContext(ctx, "unix", aside(r.Path))
	if err != nil {
		return
	}
	defer onward.Close()
	defer context.AfterFunc(ctx, func() { call.Close(); onward.Close() })()
	answer := io.Reader(onward)
	if harmed && r.Harm == Cuts {
		answer = io.LimitReader(onward, cutAfter)
	}
	go func() {
		// The caller hanging up is passed on by closing both ends below.
		_, _ = io.Copy(onward, call)
	}()
	_, _ = io.Copy(call, answer)
}

// pause returns false if ctx ends before the time is over.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
