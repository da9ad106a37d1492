package switching

import (
	"context"
	"crypto/tls"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"cutover/internal/demo/load"
	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/traffic"
)

// between is the pause between two switches.
const between = 200 * time.Millisecond

// turn is one switch.
type turn struct {
	from                    release.Side
	command, returned, next time.Time
	// last is when the last request arrived on the old side, the command if
	// none did.
	last time.Time
}

// street has the two sides, the data plane and the people.
type street struct {
	b      *testing.B
	sides  map[release.Side]*app
	router traffic.Member
	listen string
	// front is what the route says of the front end; foreign, that it is not
	// cutover's own: there are no streams then, which it could not close, and no
	// uploads, which it would limit.
	front   release.Front
	foreign bool
	// reloads says that a switch closes idle connections of users, so that a
	// request sent in that moment is lost: that is measured, and no mistake.
	reloads bool
	// config is for users who speak HTTP/2 over TLS, nil for HTTP/1.1.
	config *tls.Config

	mu  sync.Mutex
	all []load.Outcome
}

func (s *street) url() string {
	if s.config != nil {
		return "https://" + s.listen
	}
	return "http://" + s.listen
}

// number reads how many switches or kills are wanted.
func number(b *testing.B, name string, otherwise int) int {
	b.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		b.Fatalf("%s is %q, want a number", name, text)
	}
	return n
}

func BenchmarkSwitch(b *testing.B) {
	switches, kills := number(b, "SWITCHES", 20), number(b, "KILLS", 4)
	var turns []turn
	for b.Loop() {
		s := &street{b: b, router: startProxy(b), listen: testkit.FreeAddr(b), sides: map[release.Side]*app{}}
		turns = append(turns, s.stage(switches, kills)...)
	}
	tell(b, turns, kills)
}

// stage opens both sides and plays.
func (s *street) stage(switches, kills int) []turn {
	s.b.Helper()
	for _, side := range []release.Side{release.Blue, release.Green} {
		s.sides[side] = newApp(s.b, side)
	}
	return s.play(switches, min(kills, switches))
}

// tell reports how long the switches took.
func tell(b *testing.B, turns []turn, kills int) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(turns, func(t turn) time.Duration { return t.last.Sub(t.command) }), "ms-to-last")
	b.ReportMetric(median(turns, func(t turn) time.Duration { return t.returned.Sub(t.command) }), "ms-to-return")
	b.ReportMetric(float64(len(turns)), "switches")
	b.ReportMetric(float64(kills), "kills")
}

// play switches to and fro under load, and reports what the people saw of it.
func (s *street) play(switches, kills int) []turn {
	s.b.Helper()
	s.route(release.Blue)
	streams := 4
	if s.foreign {
		streams = 0
	}
	crowd := s.crowd(streams)
	up := startUploaders(s, streams)
	var turns []turn
	serves := release.Blue
	s.pause(time.Second) // until every connection is open
	for i := range switches {
		turns = append(turns, s.turn(serves, i < kills))
		serves = serves.Other()
	}
	failed := up.end()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	s.report(crowd.Stop(ctx), failed, turns)
	return turns
}

// crowd are the people who do anything but upload.
type crowd interface {
	// Stop lets what is under way end and returns the account.
	Stop(context.Context) load.Report
}

func (s *street) crowd(streams int) crowd {
	s.b.Helper()
	if s.config != nil {
		return startVisitors(s, streams)
	}
	c, err := load.Start(load.Options{URL: s.url(), Rate: 2000, PostShare: 0.2, Connections: 64,
		Slow: 8, SlowFor: slowFor, Events: streams, Sockets: streams, Observe: s.observe})
	if err != nil {
		s.b.Fatal(err)
	}
	return c
}

// turn makes one switch away from a side and watches that side until the next.
func (s *street) turn(from release.Side, kill bool) turn {
	s.b.Helper()
	t := turn{from: from, command: time.Now()}
	s.route(from.Other())
	t.returned = time.Now()
	if kill {
		s.drain(from)
		s.sides[from].process.Kill()
		s.sides[from].start()
	}
	s.pause(between)
	t.next = time.Now()
	return t
}

func (s *street) route(to release.Side) {
	s.b.Helper()
	r := release.Route{Front: s.front, Salt: "bench"}
	r.Front.Listen, r.Front.Path = s.listen, "/"
	for side, a := range s.sides {
		*r.Sides.Of(side) = release.SideRoute{Endpoints: []release.Endpoint{a.at}}
	}
	r.Sides.Of(to).Weight = release.All
	if err := s.router.Route(s.b.Context(), release.RouteOrder{Stamp: stamp, Route: r}); err != nil {
		s.b.Fatal(err)
	}
}

var stamp = release.Stamp{App: "shop", Fence: 1}

// drain returns when the data plane reports that nothing is left on a side.
func (s *street) drain(side release.Side) {
	s.b.Helper()
	testkit.Await(s.b, "the drain of "+string(side), func() bool {
		// The order is repeated: a stream that was being opened during the
		// switch may have become one only since.
		if !s.foreign {
			if err := s.router.CloseStreams(s.b.Context(), release.StreamOrder{Stamp: stamp, Side: side}); err != nil {
				s.b.Fatal(err)
			}
		}
		now, err := s.router.Observe(s.b.Context(), stamp.App)
		if err != nil {
			s.b.Fatal(err)
		}
		left := now.Sides.Of(side)
		return left.Requests+left.Streams == 0
	})
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

// median returns the middle of a time over all turns, in milliseconds.
func median(turns []turn, of func(turn) time.Duration) float64 {
	var all []time.Duration
	for _, t := range turns {
		all = append(all, of(t))
	}
	slices.Sort(all)
	return float64(all[len(all)/2].Microseconds()) / 1000
}
