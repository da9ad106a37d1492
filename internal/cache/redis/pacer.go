package redis

import (
	"context"
	"time"
)

const (
	// batch is how many places of the key space are looked at by one call.
	batch = 200
	// rests is how long is rested for each unit of time that a call took: the
	// server spends a fifth of its time on this at most.
	rests = 4
	// longestRest bounds one rest, so that one slow answer does not stall it.
	longestRest = 500 * time.Millisecond
)

// pacer spreads calls over time.
type pacer struct {
	// rate is how many keys a second are looked at, at most; 0 means any.
	rate int
}

// rest waits after a call that took some time and looked at n keys.
func (p pacer) rest(ctx context.Context, took time.Duration, n int) error {
	rest := min(rests*took, longestRest)
	if p.rate > 0 {
		rest = max(rest, time.Duration(n)*time.Second/time.Duration(p.rate)-took)
	}
	t := time.NewTimer(rest)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
