// Package logs counts the lines of instances' logs that match a pattern.
package logs

import (
	"context"
	"sync"
	"time"

	"cutover/internal/signal"
)

// Reader follows logs. New makes one.
type Reader struct {
	mu     sync.Mutex
	closed bool
	// byName has what is followed for each signal, by path.
	byName map[string]*watched
}

// watched is what is followed for one signal.
type watched struct {
	// turn is held by whoever reads.
	turn chan struct{}
	logs map[string]*follower
}

var _ signal.Reader = (*Reader)(nil)

// New returns a reader.
func New() *Reader { return &Reader{byName: map[string]*watched{}} }

// Check implements signal.Reader.
func (r *Reader) Check(s signal.Signal) error {
	_, err := patternOf(s.Source.Query)
	return err
}

// Close implements signal.Reader.
func (r *Reader) Close() error {
	r.mu.Lock()
	r.closed = true
	all := r.byName
	r.byName = map[string]*watched{}
	r.mu.Unlock()
	for _, w := range all {
		// Whoever reads has a deadline.
		w.turn <- struct{}{}
		for _, f := range w.logs {
			f.close()
		}
		w.logs = nil
	}
	return nil
}

// Read implements signal.Reader: a counter of each instance, from the time
// its log was first read.
func (r *Reader) Read(ctx context.Context, s signal.Signal, of signal.Subject) []signal.Reading {
	w := r.of(s)
	if w == nil {
		return signal.Unread(s, of, time.Now(), "the watch has ended")
	}
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return signal.Unread(s, of, time.Now(), "the logs could not be read in time")
	}
	defer func() { <-w.turn }()
	if w.logs == nil {
		return signal.Unread(s, of, time.Now(), "the watch has ended")
	}
	return w.read(ctx, s, of)
}

func (r *Reader) of(s signal.Signal) *watched {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	key := s.Name + "\x00" + s.Source.Query
	if r.byName[key] == nil {
		r.byName[key] = &watched{turn: make(chan struct{}, 1), logs: map[string]*follower{}}
	}
	return r.byName[key]
}

func (w *watched) read(ctx context.Context, s signal.Signal, of signal.Subject) []signal.Reading {
	pattern, err := patternOf(s.Source.Query)
	if err != nil {
		return signal.Unread(s, of, time.Now(), "the pattern cannot be read: %v", err)
	}
	var list []signal.Reading
	still := map[string]bool{}
	of.Each(func(side signal.Side, p signal.Party) {
		if len(p.Instances) == 0 {
			list = append(list, signal.Missing(side, "", time.Now(), "no instance runs"))
		}
		for _, in := range p.Instances {
			if in.Log == "" {
				list = append(list, signal.Missing(side, in.ID, time.Now(), "its log is not known"))
				continue
			}
			still[in.Log] = true
			if w.logs[in.Log] == nil {
				w.logs[in.Log] = &follower{path: in.Log, pattern: pattern}
			}
			list = append(list, w.logs[in.Log].reading(ctx, side, in))
		}
	})
	for path, f := range w.logs {
		if !still[path] {
			f.close()
			delete(w.logs, path)
		}
	}
	return list
}

func (f *follower) reading(ctx context.Context, side signal.Side, in signal.Instance) signal.Reading {
	matches, epoch, err := f.poll(ctx)
	if err != nil {
		return signal.Missing(side, in.ID, time.Now(), "%v", err)
	}
	return signal.Reading{Side: side, Instance: in.ID, At: time.Now(), Value: matches, Epoch: epoch}
}
