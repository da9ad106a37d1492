package fault

import (
	"context"
	"time"
)

// Drag is a brake on whatever a program does before it calls Wait: the hook
// for a slow disk, called before each durable write. It is no real disk, and
// slows only what calls it.
type Drag struct {
	// Path is the dial's file.
	Path string
}

// Wait returns after the time that the dial says, at once while all is well,
// or when ctx ends.
func (d Drag) Wait(ctx context.Context) {
	span := readSpan(d.Path)
	if span <= 0 {
		return
	}
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Slow has each write take this much longer.
func (d Drag) Slow(by time.Duration) Fault {
	return Dial{Path: d.Path, Setting: by.String(), Means: "slow disk under the journal"}
}
