package sockets

import (
	"context"
	"fmt"
	"net"
	"time"
)

// answerFor bounds the wait for a connection.
const answerFor = 5 * time.Second

// Answers says why no connection can be made to an address, host:port; nil if
// somebody takes it. Nothing is sent.
func Answers(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, answerFor)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("nobody takes connections on %s: %w", addr, err)
	}
	return c.Close()
}
