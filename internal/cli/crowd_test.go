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

// crowd lets users in, who send that many requests a second and hold slow ones
// and streams besides. They leave at the latest when the test ends.
func (h *house) crowd(rate float64) crowd {
	h.t.Helper()
	c, err := load.Start(load.Options{URL: "http://" + h.listen, Rate: rate, PostShare: 0.3, Anonymous: 0.2, Connections: 16,
		Slow: 2, SlowFor: 400 * time.Millisecond, Events: 1, Sockets: 1, Timeout: patience})
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
	c.h.t.Logf("users: %+v, streams %+v, versions %v", r.Requests, r.Streams, r.Versions)
	if r.Requests.Lost > 0 || r.Streams.Cut > 0 || r.Mismatched > 0 {
		c.h.t.Errorf("%d requests lost (%v), %d streams cut, %d answers to other requests", r.Requests.Lost, r.LostBy, r.Streams.Cut, r.Mismatched)
	}
	if r.Requests.Answered == 0 {
		c.h.t.Error("no request was answered")
	}
	return r
}
