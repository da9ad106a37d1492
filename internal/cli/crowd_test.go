package cli_test

import (
	"context"
	"time"

	"cutover/internal/demo/load"
)

// crowd is users at work on the house's app.
type crowd struct {
	*load.Client
	h *house
}

// crowd lets users in, who send that many requests a second and slow ones
// besides. They hold no streams, which may be closed when their grace is over,
// and when that is depends on the machine. They leave at the latest when the
// test ends.
func (h *house) crowd(rate float64) crowd {
	h.t.Helper()
	c, err := load.Start(load.Options{URL: "http://" + h.listen, Rate: rate, PostShare: 0.3, Anonymous: 0.2, Connections: 16,
		Slow: 2, SlowFor: 400 * time.Millisecond, Timeout: patience})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Stop(context.Background()) })
	return crowd{c, h}
}

// finish sends the users home and demands that none was let down.
func (c crowd) finish() load.Report {
	c.h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r := c.Stop(ctx)
	c.h.t.Logf("users: %+v, v1 %d, v2 %d", r.Requests, r.Versions["v1"].Requests, r.Versions["v2"].Requests)
	if r.Requests.Lost > 0 || r.Mismatched > 0 {
		c.h.t.Errorf("%d requests lost (%v), %d answers to other requests", r.Requests.Lost, r.LostBy, r.Mismatched)
	}
	if r.Requests.Answered == 0 {
		c.h.t.Error("no request was answered")
	}
	return r
}
