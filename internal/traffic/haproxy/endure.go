package haproxy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cutover/internal/durable"
	"cutover/internal/release"
)

var errReplaced = errors.New("another process of HAProxy has taken over in the middle of the order, with the route of before: it is given anew")

// endure is between the servers that an order opens and the shares that it
// moves. It writes down the servers as they are now, when what is new is open
// and what leaves is open still: whichever shares a HAProxy finds that is
// started or reloaded from here on, they have servers. One that was replaced
// before this could be read is noticed, and gets no shares.
func (c change) endure(ctx context.Context, epoch string, opened bool) error {
	if opened && c.h.State != "" {
		var dump release.Sides[string]
		for _, side := range []release.Side{release.Blue, release.Green} {
			text, _, err := c.wire.servers(ctx, backend(c.h, side))
			if err != nil {
				return err
			}
			*dump.Of(side) = text
		}
		if err := keepState(c.h, dump); err != nil {
			return err
		}
	}
	return c.wire.same(ctx, epoch)
}

// keepState writes what HAProxy reads at its next start, of these two backends
// alone: what is old of others would be worse than nothing.
func keepState(h release.HAProxy, dump release.Sides[string]) error {
	_, rest, _ := strings.Cut(dump.Green, "\n# ")
	_, lines, _ := strings.Cut(rest, "\n")
	if err := durable.WriteFile(h.State, []byte(dump.Blue+"\n"+lines+"\n"), fileMode); err != nil {
		return fmt.Errorf("keep the state of HAProxy's servers: %w: let the user of cutover write spec.traffic.haproxy.state", err)
	}
	return nil
}
