package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"cutover/internal/release"
	"cutover/internal/signal"
)

// Reader reads what Redis itself can tell of its misses. NewReader makes one.
type Reader struct {
	mu     sync.Mutex
	closed bool
	// ears are the servers listened to, by their place; hold keeps two reads
	// from listening to one server twice.
	ears map[string]*ear
	hold map[string]*sync.Mutex
}

var _ signal.Reader = (*Reader)(nil)

// NewReader returns a reader.
func NewReader() *Reader { return &Reader{ears: map[string]*ear{}, hold: map[string]*sync.Mutex{}} }

var (
	errEnded  = errors.New("the watch has ended")
	errUntold = errors.New("Redis does not tell of misses: set notify-keyspace-events to Em, and permit the user the channel __keyevent@*")
)

// Check implements signal.Reader. A file does not say where the cache is: that
// is added when a plan is made.
func (r *Reader) Check(s signal.Signal) error {
	if _, err := signal.FindMeasure(signal.Cache, s.Source.Query); err != nil || s.Source.Place == "" {
		return err
	}
	_, err := placeOf(s)
	return err
}

func placeOf(s signal.Signal) (release.CacheSignal, error) {
	var p release.CacheSignal
	if err := json.Unmarshal([]byte(s.Source.Place), &p); err != nil {
		return p, errors.New("where the cache is cannot be read: make the plan again")
	}
	return p, nil
}

// Close implements signal.Reader.
func (r *Reader) Close() error {
	r.mu.Lock()
	r.closed = true
	ears := r.ears
	r.ears = nil
	r.mu.Unlock()
	for _, e := range ears {
		e.close()
	}
	return nil
}

// Read implements signal.Reader.
func (r *Reader) Read(ctx context.Context, s signal.Signal, of signal.Subject) []signal.Reading {
	p, err := placeOf(s)
	if err != nil {
		return signal.Unread(s, of, time.Now(), "%v", err)
	}
	var list []signal.Reading
	if s.Source.Query == signal.MissedShare {
		list, err = r.server(ctx, p)
	} else {
		list, err = r.sides(ctx, p, of)
	}
	if err == nil {
		return list
	}
	if ctx.Err() != nil {
		err = errors.New("Redis did not answer in time")
	} else if err != errEnded && err != errUntold {
		err = trouble(p.Redis, err)
	}
	return signal.Unread(s, of, time.Now(), "%v", err)
}

// server reads what the server counts of everybody.
func (r *Reader) server(ctx context.Context, p release.CacheSignal) ([]signal.Reading, error) {
	r.mu.Lock()
	closed := r.closed
	r.mu.Unlock()
	if closed {
		return nil, errEnded
	}
	c, err := connect(p.Redis)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	info, err := c.Info(ctx).Result()
	if err != nil {
		return nil, err
	}
	misses, hits := float64(number(info, "keyspace_misses")), float64(number(info, "keyspace_hits"))
	return []signal.Reading{{Side: signal.Shared, At: time.Now(), Value: misses, Of: misses + hits, Epoch: field(info, "run_id")}}, nil
}

// sides counts the misses of each side's generation.
func (r *Reader) sides(ctx context.Context, p release.CacheSignal, of signal.Subject) ([]signal.Reading, error) {
	e, err := r.ear(ctx, p.Redis)
	if err != nil {
		return nil, err
	}
	counts, err := e.misses(ctx, p.Old, p.New)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var list []signal.Reading
	of.Each(func(side signal.Side, _ signal.Party) {
		mine, other := p.Old, p.New
		if side == signal.New {
			mine, other = p.New, p.Old
		}
		switch {
		case mine == "":
			list = append(list, signal.Missing(side, "", now, "this side has no generation of %s", p.Namespace))
		case mine == other:
			list = append(list, signal.Missing(side, "", now, "both sides share the generation of %s, so their misses cannot be told apart", p.Namespace))
		default:
			list = append(list, signal.Reading{Side: side, At: now, Value: counts[mine], Epoch: e.epoch})
		}
	})
	return list, nil
}

// ear returns what listens to a server, another one if the last has ended.
func (r *Reader) ear(ctx context.Context, at release.Redis) (*ear, error) {
	key := fmt.Sprintf("%s %d", place(at), at.Database)
	r.mu.Lock()
	if r.hold[key] == nil {
		r.hold[key] = &sync.Mutex{}
	}
	hold := r.hold[key]
	r.mu.Unlock()
	hold.Lock()
	defer hold.Unlock()
	r.mu.Lock()
	closed, e := r.closed, r.ears[key]
	r.mu.Unlock()
	if closed {
		return nil, errEnded
	}
	if e != nil && !e.over() {
		return e, nil
	}
	e, err := listen(ctx, at)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	if closed = r.closed; !closed {
		r.ears[key] = e
	}
	r.mu.Unlock()
	if closed {
		e.close()
		return nil, errEnded
	}
	return e, nil
}
