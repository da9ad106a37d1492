package load

import (
	"context"
	"crypto/rand"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Client is a crowd at work. Its methods are safe for concurrent use.
type Client struct {
	options Options
	base    *url.URL
	// site is what the users take the app for: it decides about cookies.
	site *url.URL
	// name begins every request id, so that two clients have no id in common.
	name   string
	serial atomic.Uint64

	ledger     *ledger
	idleClosed atomic.Uint64
	started    time.Time
	ended      atomic.Pointer[time.Time]

	// soft ends when nothing new is to begin and streams are to be closed;
	// hard, after soft, when requests in flight are to be given up.
	soft, hard       context.Context
	endSoft, endHard context.CancelFunc
	workers          sync.WaitGroup
	stopOnce         sync.Once
	queue            chan due
}

// Start begins the load and returns at once; an error means that the options
// make no sense. The load goes on until Stop, which must be called.
func Start(o Options) (*Client, error) {
	o, base, err := o.complete()
	if err != nil {
		return nil, err
	}
	site := *base
	if o.Host != "" {
		site.Host = o.Host
	}
	c := &Client{
		options: o, base: base, site: &site, name: rand.Text()[:8],
		ledger: newLedger(), started: time.Now(),
	}
	c.hard, c.endHard = context.WithCancel(context.Background())
	c.soft, c.endSoft = context.WithCancel(c.hard)
	// The queue takes bursts; what waits in it is late, and counted as such.
	c.queue = make(chan due, o.Connections)
	c.startPaced()
	c.startSlow()
	c.startAborts()
	c.startStreams()
	return c, nil
}

// Snapshot returns the account as it stands.
func (c *Client) Snapshot() Report {
	r := c.ledger.read()
	r.IdleClosed = c.idleClosed.Load()
	r.Took = time.Since(c.started)
	if end := c.ended.Load(); end != nil {
		r.Took = end.Sub(c.started)
	}
	return r
}

// LastSeen is Snapshot().LastSeen, see there.
func (c *Client) LastSeen(version string) time.Time { return c.Snapshot().LastSeen(version) }

// Stop begins nothing new, closes the streams and waits for the requests in
// flight until ctx ends; those that have no answer by then are given up and
// count as ClientGone. It returns the final account when no goroutine and no
// connection is left. Further calls return the same.
func (c *Client) Stop(ctx context.Context) Report {
	c.stopOnce.Do(func() {
		c.endSoft()
		done := make(chan struct{})
		go func() {
			c.workers.Wait()
			close(done)
		}()
		select {
		case <-done:
		case <-ctx.Done():
		}
		c.endHard()
		<-done
		for len(c.queue) > 0 {
			<-c.queue
			c.ledger.skip()
		}
		now := time.Now()
		c.ended.Store(&now)
	})
	return c.Snapshot()
}

// newWire returns a connection that is not open yet.
func (c *Client) newWire() *wire {
	addr := c.base.Host
	if c.base.Port() == "" {
		addr = c.base.Hostname() + ":80"
	}
	return &wire{hard: c.hard, addr: addr, timeout: c.options.Timeout, idleClosed: &c.idleClosed}
}

// stopping reports whether Stop was called.
func (c *Client) stopping() bool { return c.soft.Err() != nil }

// wait returns true after d; it returns false, at once, when Stop is called.
func (c *Client) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.soft.Done():
		return false
	}
}
