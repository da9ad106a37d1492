package redis

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"cutover/internal/release"
)

const (
	// hears is how long one wait for a message lasts, idle how long an ear
	// listens that nobody asks any more.
	hears = time.Second
	idle  = 2 * time.Minute
	// own is in the keys that are asked for to see whether misses are told.
	own = "cutover:is-a-miss-told:"
)

// ear counts the misses that a server tells of, by the prefixes it knows. When
// the connection breaks it is deaf for good: what was missed meanwhile is not
// known, and its successor counts from 0 in another epoch.
type ear struct {
	client *redis.Client
	sub    *redis.PubSub
	epoch  string

	mu     sync.Mutex
	counts map[string]float64
	heard  map[string]chan bool
	asked  time.Time
	deaf   error
	ended  chan struct{}
}

// listen has a server's misses counted until nobody asks any more.
func listen(ctx context.Context, r release.Redis) (*ear, error) {
	c, err := connect(r)
	if err != nil {
		return nil, err
	}
	e := &ear{client: c, epoch: rand.Text(), counts: map[string]float64{}, heard: map[string]chan bool{}, asked: time.Now(), ended: make(chan struct{})}
	e.sub = c.Subscribe(context.WithoutCancel(ctx), fmt.Sprintf("__keyevent@%d__:keymiss", r.Database))
	if _, err := e.sub.Receive(ctx); err != nil { // Redis confirms
		_ = e.sub.Close()
		_ = c.Close()
		return nil, err
	}
	go e.hear()
	return e, nil
}

// hear counts until the connection breaks, it is closed, or nobody asks.
func (e *ear) hear() {
	defer close(e.ended)
	for {
		message, err := e.sub.ReceiveTimeout(context.Background(), hears)
		e.mu.Lock()
		switch m := message.(type) {
		case *redis.Message:
			e.take(m.Payload)
		case *redis.Pong:
			e.answer(m.Payload, false)
		case nil:
			if timeout, ok := err.(interface{ Timeout() bool }); (!ok || !timeout.Timeout()) && e.deaf == nil {
				e.deaf = err
			}
		}
		if e.deaf == nil && time.Since(e.asked) > idle {
			e.deaf = context.Canceled
		}
		over := e.deaf != nil
		e.mu.Unlock()
		if over {
			_ = e.sub.Close()
			_ = e.client.Close()
			return
		}
	}
}

// take counts a key. Of two prefixes that begin it the longer one is its own.
func (e *ear) take(key string) {
	if e.answer(key, true) {
		return
	}
	longest := ""
	for prefix := range e.counts {
		if len(prefix) > len(longest) && strings.HasPrefix(key, prefix) {
			longest = prefix
		}
	}
	if longest != "" {
		e.counts[longest]++
	}
}

// answer says whether the server has told of a miss of our own, and returns
// false if the key is none of these.
func (e *ear) answer(key string, told bool) bool {
	to, mine := e.heard[key]
	if mine {
		delete(e.heard, key)
		to <- told
	}
	return mine
}

// misses returns how many misses there were of each prefix, those that the
// server had answered before the call among them. That the server tells of
// misses at all is shown each time by one of our own.
func (e *ear) misses(ctx context.Context, prefixes ...string) (map[string]float64, error) {
	key, told := slices.Max(prefixes)+own+rand.Text(), make(chan bool, 1) // where the user may read
	e.mu.Lock()
	e.asked, e.heard[key] = time.Now(), told
	for _, p := range prefixes {
		e.counts[p] += 0
	}
	e.mu.Unlock()
	defer e.forget(key)
	if err := e.client.Get(ctx, key).Err(); err != nil && err != redis.Nil {
		return nil, err
	}
	// What was to be told of that comes before the answer to this.
	if err := e.sub.Ping(ctx, key); err != nil {
		return nil, err
	}
	select {
	case yes := <-told:
		if !yes {
			return nil, errUntold
		}
	case <-e.ended:
		return nil, e.deafness()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	found := map[string]float64{}
	for _, p := range prefixes {
		found[p] = e.counts[p]
	}
	return found, nil
}

func (e *ear) forget(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.heard, key)
}

func (e *ear) deafness() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return fmt.Errorf("the connection that tells of misses broke: %w", e.deaf)
}

// over reports whether it has stopped listening.
func (e *ear) over() bool {
	select {
	case <-e.ended:
		return true
	default:
		return false
	}
}

// close ends it and returns when nothing of it is left.
func (e *ear) close() {
	e.mu.Lock()
	if e.deaf == nil {
		e.deaf = context.Canceled
	}
	e.mu.Unlock()
	_ = e.sub.Close()
	<-e.ended
}
