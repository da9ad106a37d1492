package board

import (
	"context"
	"sync"
	"time"

	"cutover/internal/release"
)

type sideOf struct {
	app  string
	side release.Side
}

// CloseStreams begins to close the streams that are open on a side now, or on
// the named endpoints of it unless there are none, the
// first at once and the others evenly over spread, and returns how many there
// are. While such a round is under way another call starts none and returns
// 0. The round ends early with ctx.
func (b *Board) CloseStreams(ctx context.Context, app string, side release.Side, only []string, spread time.Duration) int {
	key := sideOf{app, side}
	b.mu.Lock()
	defer b.mu.Unlock()
	open := b.book.Of(app, side).Streams(only...)
	if len(open) == 0 || b.closing[key] {
		return 0
	}
	b.closing[key] = true
	go func() {
		defer b.closed(key)
		// A client may take its time to hear a goodbye, the next one need not wait.
		var parting sync.WaitGroup
		defer parting.Wait()
		pause := spread / time.Duration(len(open))
		for i, stream := range open {
			if i > 0 && !wait(ctx, pause) {
				return
			}
			parting.Go(stream.Cut)
		}
	}()
	return len(open)
}

// CutAll closes every stream at once, for the end of the process, and returns
// when that is done.
func (b *Board) CutAll() {
	var parting sync.WaitGroup
	defer parting.Wait()
	for _, side := range b.book.All() {
		for _, stream := range side.Streams() {
			parting.Go(stream.Cut)
		}
	}
}

func (b *Board) closed(key sideOf) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.closing, key)
}

// wait returns false if ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
