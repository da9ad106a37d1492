package switching

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"cutover/internal/demo/load"
	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/traffic/embedded"
)

const (
	switches = 20
	// between is the pause between two switches.
	between = 250 * time.Millisecond
)

// turn is one switch, in times since the beginning.
type turn struct {
	from                    release.Side
	command, returned, next time.Duration
	// last is when the last request arrived on the old side, none before
	// the command.
	last time.Duration
}

// street has the two sides, the data plane and the people.
type street struct {
	b      *testing.B
	began  time.Time
	sides  map[release.Side]*app
	router *embedded.Router
	listen string

	mu  sync.Mutex
	all []load.Outcome
}

func BenchmarkSwitch(b *testing.B) {
	var turns []turn
	for b.Loop() {
		s := &street{b: b, began: time.Now(), router: startProxy(b), listen: testkit.FreeAddr(b)}
		s.sides = map[release.Side]*app{}
		for _, side := range []release.Side{release.Blue, release.Green} {
			s.sides[side] = newApp(b, side, s.began)
		}
		turns = append(turns, s.play()...)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(turns, func(t turn) time.Duration { return t.last - t.command }), "ms-to-last")
	b.ReportMetric(median(turns, func(t turn) time.Duration { return t.returned - t.command }), "ms-to-return")
}

// play switches to and fro under load, and reports what the people saw of it.
func (s *street) play() []turn {
	s.b.Helper()
	s.route(release.Blue)
	crowd, err := load.Start(load.Options{URL: "http://" + s.listen, Rate: 1000, PostShare: 0.2, Connections: 32,
		Slow: 8, SlowFor: slowFor, Observe: s.observe})
	if err != nil {
		s.b.Fatal(err)
	}
	var turns []turn
	serves := release.Blue
	s.pause(time.Second) // until every connection is open
	for range switches {
		turns = append(turns, s.turn(serves))
		serves = serves.Other()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	s.report(crowd.Stop(ctx), turns)
	return turns
}

// turn makes one switch away from a side and watches that side until the next.
func (s *street) turn(from release.Side) turn {
	s.b.Helper()
	t := turn{from: from, command: time.Since(s.began)}
	s.route(from.Other())
	t.returned = time.Since(s.began)
	s.pause(between)
	t.last = max(s.sides[from].lastArrival(), t.command)
	t.next = time.Since(s.began)
	return t
}

func (s *street) route(to release.Side) {
	s.b.Helper()
	r := release.Route{Front: release.Front{Listen: s.listen, Path: "/"}, Salt: "bench"}
	for side, a := range s.sides {
		*r.Sides.Of(side) = release.SideRoute{Endpoints: []release.Endpoint{a.at}}
	}
	r.Sides.Of(to).Weight = release.All
	if err := s.router.Route(s.b.Context(), release.RouteOrder{Stamp: release.Stamp{App: "street", Fence: 1}, Route: r}); err != nil {
		s.b.Fatal(err)
	}
}

func (s *street) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

func (s *street) observe(o load.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, o)
}

// report prints what must be 0, and fails if it is not.
func (s *street) report(r load.Report, turns []turn) {
	s.b.Helper()
	failed := r.Requests.Lost + r.Requests.ClientGone + r.Status[5] + r.Mismatched
	late := s.late(turns)
	s.b.ReportMetric(float64(failed), "failed")
	s.b.ReportMetric(float64(len(late)), fmt.Sprintf("late/%d-switches", len(turns)))
	s.b.ReportMetric(float64(r.Skipped), "skipped")
	s.b.ReportMetric(s.rate(turns), "req/s")
	if failed > 0 {
		s.b.Errorf("%d requests failed: lost %v, by status %v, %d mixed up", failed, r.LostBy, r.Status, r.Mismatched)
	}
	if len(late) > 0 {
		s.b.Errorf("%d requests reached the old side after the switch had returned: %+v", len(late), late[0])
	}
}

// late returns the requests that were sent after a switch had returned, and
// answered by the side it led away from.
func (s *street) late(turns []turn) []load.Outcome {
	var late []load.Outcome
	for _, o := range s.all {
		sent := o.Sent.Sub(s.began)
		for _, t := range turns {
			if sent > t.returned && sent < t.next && o.Version == string(t.from) {
				late = append(late, o)
			}
		}
	}
	return late
}

// rate is how many requests a second were sent between the switches, without
// the slow ones.
func (s *street) rate(turns []turn) float64 {
	begin, end, n := turns[0].command, turns[len(turns)-1].next, 0
	for _, o := range s.all {
		if sent := o.Sent.Sub(s.began); o.Kind != load.SlowKind && sent > begin && sent < end {
			n++
		}
	}
	return float64(n) / (end - begin).Seconds()
}

// median returns the middle of a time over all turns, in milliseconds.
func median(turns []turn, of func(turn) time.Duration) float64 {
	var all []time.Duration
	for _, t := range turns {
		all = append(all, of(t))
	}
	slices.Sort(all)
	return float64(all[len(all)/2].Microseconds()) / 1000
}
