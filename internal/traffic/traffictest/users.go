package traffictest

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/testkit"
)

// Cookie is what users are known by: the fronts of the suite are set up so.
const Cookie = "sid"

// get sends a request of a user and returns the answer.
func (p *play) get(c *http.Client, path, user string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(p.Context(), http.MethodGet, "http://"+p.Front.Listen+path, nil)
	if err != nil {
		return nil, "", err
	}
	req.AddCookie(&http.Cookie{Name: Cookie, Value: user})
	res, err := c.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

// lone is a client that keeps no connection.
func lone() *http.Client {
	return &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
}

// ask returns the side that answers a user.
func (p *play) ask(user string) string {
	p.Helper()
	_, body, err := p.get(lone(), "/", user)
	if err != nil {
		p.Fatal(err)
	}
	return body
}

// askWho returns the instance that answers a user.
func (p *play) askWho(user string) string {
	p.Helper()
	res, _, err := p.get(lone(), "/", user)
	if err != nil {
		p.Fatal(err)
	}
	return res.Header.Get("X-Instance")
}

// sides asks for many users over a few connections.
func (p *play) sides(users int) []string {
	p.Helper()
	c := &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{}}
	defer c.CloseIdleConnections()
	var all []string
	for i := range users {
		_, body, err := p.get(c, "/", fmt.Sprintf("user-%d", i))
		if err != nil {
			p.Fatal(err)
		}
		all = append(all, body)
	}
	return all
}

// people is how many users the shares are counted over. Five standard
// deviations of a share of a quarter are 0.11 then.
const people = 400

func (p *play) weights() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	p.mustRoute(p.to(2500, blue, green))
	first, n := p.sides(people), 0
	for _, side := range first {
		if side == "green" {
			n++
		}
	}
	if share := float64(n) / people; share < 0.14 || share > 0.36 {
		p.Errorf("green has %.0f %% of the users, ordered were 25 %%", 100*share)
	}
	for i, side := range p.sides(people) {
		if side != first[i] {
			p.Fatalf("user %d was on %s and then on %s", i, first[i], side)
		}
	}
}

func (p *play) raised() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	p.mustRoute(p.to(1000, blue, green))
	before := p.sides(people)
	p.mustRoute(p.to(4000, blue, green))
	moved := 0
	for i, side := range p.sides(people) {
		if before[i] == "green" && side != "green" {
			p.Errorf("user %d was moved back", i)
		}
		if before[i] != side {
			moved++
		}
	}
	if moved == 0 {
		p.Error("nobody was moved although the weight was raised from 10 to 40 %")
	}
}

// crowd sends requests over kept connections until it is told to stop.
type crowd struct {
	stop chan struct{}
	wg   sync.WaitGroup
	sent atomic.Int64
	bad  atomic.Int64
	// phase grows by one when a switch is ordered, and by one when the order
	// has returned; side is where it led. late are requests that were sent and
	// answered between two switches, by the wrong side.
	phase atomic.Int64
	side  atomic.Value
	late  atomic.Int64
}

// send sends one request and judges the answer.
func (c *crowd) send(p *play, client *http.Client, path, user string) {
	phase, side := c.phase.Load(), c.side.Load()
	res, body, err := p.get(client, path, user)
	c.sent.Add(1)
	if err != nil || res.StatusCode != http.StatusOK {
		c.bad.Add(1)
	} else if phase%2 == 0 && c.phase.Load() == phase && body != side {
		c.late.Add(1)
	}
}

func (p *play) crowd(size int) *crowd {
	c := &crowd{stop: make(chan struct{})}
	c.side.Store(string(release.Blue))
	for i := range size {
		c.wg.Go(func() {
			client := &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			defer client.CloseIdleConnections()
			for n := 0; ; n++ {
				select {
				case <-c.stop:
					return
				default:
				}
				path := "/"
				if n%4 == 0 {
					path = "/slow"
				}
				c.send(p, client, path, fmt.Sprint("crowd-", i))
				pause := time.NewTimer(2 * time.Millisecond)
				<-pause.C
			}
		})
	}
	return c
}

func (c *crowd) end() {
	close(c.stop)
	c.wg.Wait()
}

func (p *play) switched() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	sides := map[release.Side]*instance{release.Blue: blue, release.Green: green}
	p.mustRoute(p.to(release.None, blue, green))
	c := p.crowd(8)
	for i := range 4 {
		sent := c.sent.Load()
		testkit.Await(p, "requests between two switches", func() bool { return c.sent.Load() > sent+20 })
		from, weight := release.Blue, release.All
		if i%2 == 1 {
			from, weight = release.Green, release.None
		}
		sides[from.Other()].closed.Store(false)
		c.phase.Add(1)
		p.mustRoute(p.to(weight, blue, green))
		c.side.Store(string(from.Other()))
		c.phase.Add(1)
		p.settled(from, sides[from])
	}
	c.end()
	if bad := c.bad.Load(); bad > 0 {
		p.Errorf("%d of %d requests failed", bad, c.sent.Load())
	}
	if n := c.late.Load(); n > 0 {
		p.Errorf("%d requests that were sent after a switch had returned were answered by the side it led away from", n)
	}
	for side, i := range sides {
		if n := i.late.Load(); n > 0 {
			p.Errorf("%d requests reached %s after the front had said that nothing is in flight there", n, side)
		}
	}
}

// settled closes a side. A request may have been on its way to the instance at
// that moment: it is in flight, and the front says so.
func (p *play) settled(side release.Side, i *instance) {
	p.Helper()
	testkit.Await(p, "the end of what was in flight", func() bool {
		s := p.observe().Sides
		return s.Of(side).Requests == 0
	})
	i.closed.Store(true)
}

func (p *play) drained() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	p.mustRoute(p.to(release.None, blue, green))
	done := make(chan string, 1)
	go func() {
		_, body, err := p.get(lone(), "/wait", "slow")
		done <- fmt.Sprint(body, err)
	}()
	testkit.Await(p, "a request in flight", func() bool { return blue.waits.Load() == 1 })
	p.mustRoute(p.to(release.All, blue, green))
	if s := p.observe().Sides.Blue; s.Requests+s.Streams != 1 || len(s.Load) != 1 || s.Load[0].Requests != 1 {
		p.Errorf("one request is in flight on blue, and the front says %+v", s)
	}
	// The instance leaves the route, and what it has is still seen.
	r := p.to(release.All, blue, green)
	r.Sides.Blue.Endpoints = nil
	p.mustRoute(r)
	if s := p.observe().Sides.Blue; s.Requests != 1 {
		p.Errorf("one request is in flight on what was blue, and the front says %+v", s)
	}
	blue.release()
	if got := <-done; got != "blue<nil>" {
		p.Errorf("the request in flight got %s", got)
	}
	testkit.Await(p, "the end of the drain", func() bool { return p.observe().Sides.Blue.Requests == 0 })
}

func (p *play) counted() {
	blue, green := newInstance(p.T, release.Blue), newInstance(p.T, release.Green)
	p.mustRoute(p.to(release.None, blue, green))
	base := p.observe()
	c := lone()
	for i := range 7 {
		path := "/"
		if i >= 5 {
			path = "/fail"
		}
		if _, _, err := p.get(c, path, fmt.Sprint("counted-", i)); err != nil {
			p.Fatal(err)
		}
	}
	p.mustRoute(p.to(release.All, blue, green))
	for range 3 {
		p.ask("counted")
	}
	var now release.Traffic
	await(p.T, "the account", func() bool {
		now = p.observe()
		b := now.Sides.Blue.Counters.Minus(base.Sides.Blue.Counters)
		g := now.Sides.Green.Counters.Minus(base.Sides.Green.Counters)
		return now.Epoch == base.Epoch && b.Accepted == 7 && b.Answered == 7 && b.Errors == 2 && b.Lost == 0 && g.Accepted == 3 && g.Errors == 0
	}, func() any { return now.Sides })
	if u := now.Sides.Blue.Users; p.Books && (u.Requests != 7 || u.Bad != 2 || u.BadClients == 0 || u.BadClients > 2 || len(u.Latency) == 0) {
		p.Errorf("of the users of blue it says %+v", u)
	}
}

func await(t *testing.T, what string, done func() bool, state func() any) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s: %+v", what, state())
		}
	})
	testkit.Await(t, what, done)
}
