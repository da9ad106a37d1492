package fault

import (
	"context"
	"fmt"
	"net"
)

// StolenPort listens on an address that somebody else is about to listen on.
// Who connects is turned away at once, without a byte.
type StolenPort struct {
	// Addr is host:port.
	Addr string
}

var _ Fault = StolenPort{}

// Name implements Fault.
func (StolenPort) Name() string { return "port stolen" }

// Inject implements Fault. It fails if the address is taken already.
func (s StolenPort) Inject(ctx context.Context) (func() error, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, fmt.Errorf("steal the port: %w", err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	return func() error {
		err := l.Close()
		<-done
		return err
	}, nil
}
