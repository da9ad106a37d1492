package board

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// visit is a request by its parts.
type visit struct {
	host, path      string
	headers, cookie map[string]string
	address         string
}

func (v visit) Host() string               { return v.host }
func (v visit) Path() string               { return v.path }
func (v visit) Header(name string) string  { return v.headers[name] }
func (v visit) Cookie(name string) string  { return v.cookie[name] }
func (v visit) Address(route.Trust) string { return v.address }

const listen = ":80"

func table(green release.Weight, change ...func(s *route.Service)) route.Table {
	s := route.Service{App: "shop"}
	s.Route.Salt = "release-7"
	s.Route.Front = release.Front{Listen: listen, Path: "/"}
	s.Route.Sides.Green = release.SideRoute{Weight: green, Endpoints: endpoints("g1", "g2")}
	s.Route.Sides.Blue = release.SideRoute{Weight: release.All - green, Endpoints: endpoints("b1", "b2")}
	for _, c := range change {
		c(&s)
	}
	return route.Table{}.With(s)
}

func endpoints(ids ...string) []release.Endpoint {
	var out []release.Endpoint
	for _, id := range ids {
		out = append(out, release.Endpoint{ID: id, Addr: id + ":80"})
	}
	return out
}

func publish(t testing.TB, b *Board, table route.Table) {
	t.Helper()
	if err := b.Publish(table); err != nil {
		t.Fatal(err)
	}
}

func admit(t *testing.T, b *Board, v visit) *Claim {
	t.Helper()
	v.path = "/"
	c, refusal := b.Admit(listen, v)
	if refusal != nil {
		t.Fatalf("refused: %+v", refusal)
	}
	t.Cleanup(func() { c.Close(ledger.End{Status: 200}) })
	return c
}

func TestAfterASwitchNothingNewReachesTheOldSide(t *testing.T) {
	t.Parallel()
	b := New(&ledger.Book{})
	publish(t, b, table(release.None))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	// The count is odd from the end of a switch away until the beginning of
	// the switch back: a claim between two equal odd readings is too late.
	var closed release.Sides[atomic.Int64]
	var late, served atomic.Int64
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				before := release.Sides[int64]{Blue: closed.Blue.Load(), Green: closed.Green.Load()}
				c, refusal := b.Admit(listen, visit{path: "/"})
				if refusal != nil {
					t.Error(refusal.Reason)
					return
				}
				if n := *before.Of(c.Side()); n%2 == 1 && n == closed.Of(c.Side()).Load() {
					late.Add(1)
				}
				c.Sent()
				c.Close(ledger.End{Outcome: ledger.Answered, Status: 200})
				served.Add(1)
			}
		})
	}
	generation := b.Table()
	closed.Green.Add(1)
	for i := 0; i < 400 || served.Load() < 1000; i++ {
		to := release.Side(release.Blue)
		weight := release.None
		if i%2 == 0 {
			to, weight = release.Green, release.All
		}
		closed.Of(to).Add(1)
		s, _ := table(weight).Service("shop")
		generation = generation.With(s)
		publish(t, b, generation)
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		if left := b.Settle(ctx); left != 0 {
			t.Errorf("switch %d: %d requests have not left", i, left)
		}
		cancel()
		closed.Of(to.Other()).Add(1)
	}
	close(stop)
	wg.Wait()
	if late.Load() != 0 {
		t.Errorf("%d of %d requests took a side after the switch away from it", late.Load(), served.Load())
	}
}

// meddler is a request during whose admission something happens.
type meddler struct {
	visit
	meddle func()
}

func (m meddler) Path() string {
	m.meddle()
	return m.visit.Path()
}

func TestARequestThatChoseJustBeforeTheSwitchChoosesAgain(t *testing.T) {
	t.Parallel()
	b := New(&ledger.Book{})
	publish(t, b, table(release.None))
	var once sync.Once
	c, refusal := b.Admit(listen, meddler{visit{path: "/"}, func() {
		once.Do(func() { publish(t, b, table(release.All)) })
	}})
	if refusal != nil || c.Side() != release.Green {
		t.Fatalf("got %+v, %+v", c, refusal)
	}
	if r := b.book.Of("shop", release.Blue).Read(); r.Counters.Accepted != 0 || b.unsettled() != 0 {
		t.Errorf("the choice that was taken back is still booked: %+v", r)
	}
}

func TestSettleWaitsForARequestThatHasNotReachedItsEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New(&ledger.Book{})
		publish(t, b, table(release.None))
		c := admit(t, b, visit{})
		publish(t, b, table(release.All))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if left := b.Settle(ctx); left != 1 {
			t.Errorf("%d left at the deadline, want 1", left)
		}
		go func() {
			<-time.After(time.Second)
			c.Sent()
			c.Sent()
		}()
		start := time.Now()
		if left := b.Settle(t.Context()); left != 0 || time.Since(start) < time.Second {
			t.Errorf("%d left after %v", left, time.Since(start))
		}
	})
}

func TestAnotherAppsSwitchDoesNotDisturbThisOne(t *testing.T) {
	t.Parallel()
	b := New(&ledger.Book{})
	first := table(release.None)
	publish(t, b, first)
	admit(t, b, visit{})
	other := first.Services[0]
	other.App, other.Route.Front.Listen = "blog", ":81"
	publish(t, b, first.With(other))
	if left := b.unsettled(); left != 0 {
		t.Errorf("%d requests of an unchanged app count as leaving", left)
	}
}

func TestTheHeaderThenTheCookieThenTheOwnCookieKeepsAUserOnASide(t *testing.T) {
	t.Parallel()
	b := New(&ledger.Book{})
	sticky := release.Sticky{Header: "X-User", Cookie: "session"}
	publish(t, b, table(release.Percent(50), func(s *route.Service) { s.Route.Front.Sticky = sticky }))
	seed := route.Seed("release-7")
	side := func(key string) release.Side { return b.now.Load().services[0].route.SideAt(route.Position(seed, key)) }
	for i := range 50 {
		user, session, own := fmt.Sprint("u", i), fmt.Sprint("s", i), fmt.Sprint("o", i)
		v := visit{headers: map[string]string{}, cookie: map[string]string{CookieName: own}}
		if c := admit(t, b, v); c.Side() != side(own) || c.NewCookie != "" {
			t.Errorf("own cookie %s: %s, new cookie %q", own, c.Side(), c.NewCookie)
		}
		v.cookie["session"] = session
		if c := admit(t, b, v); c.Side() != side(session) {
			t.Errorf("cookie %s: %s", session, c.Side())
		}
		v.headers["X-User"] = user
		if c := admit(t, b, v); c.Side() != side(user) {
			t.Errorf("header %s: %s", user, c.Side())
		}
	}
}

func TestAUserWithoutAnIDGetsACookieThatLeadsToTheSameSide(t *testing.T) {
	t.Parallel()
	b := New(&ledger.Book{})
	publish(t, b, table(release.Percent(50)))
	green := 0
	for range 200 {
		first := admit(t, b, visit{})
		if first.NewCookie == "" {
			t.Fatal("no cookie")
		}
		again := admit(t, b, visit{cookie: map[string]string{CookieName: first.NewCookie}})
		if again.Side() != first.Side() || again.NewCookie != "" {
			t.Fatalf("first %s, then %s with new cookie %q", first.Side(), again.Side(), again.NewCookie)
		}
		if first.Side() == release.Green {
			green++
		}
	}
	if green < 60 || green > 140 {
		t.Errorf("%d of 200 new users are green at 50%%", green)
	}
	publish(t, b, table(release.All))
	if c := admit(t, b, visit{}); c.NewCookie != "" || c.Side() != release.Green {
		t.Error("without a split nobody needs a cookie")
	}
}

func TestStickyOffDecidesEachRequestByItself(t *testing.T) {
	t.Parallel()
	b := New(&ledger.Book{})
	publish(t, b, table(release.Percent(50), func(s *route.Service) { s.Route.Front.Sticky.Off = true }))
	seen := map[release.Side]int{}
	for range 200 {
		c := admit(t, b, visit{cookie: map[string]string{CookieName: "me"}})
		seen[c.Side()]++
		if c.NewCookie != "" {
			t.Fatal("a cookie although sticky is off")
		}
	}
	if seen[release.Blue] < 50 || seen[release.Green] < 50 {
		t.Errorf("got %v", seen)
	}
}

func TestOnlyTheSecretLeadsToThePrivateSide(t *testing.T) {
	t.Parallel()
	b := New(&ledger.Book{})
	hash := sha256.Sum256([]byte("open sesame"))
	publish(t, b, table(release.None, func(s *route.Service) {
		s.Route.Private, s.SecretHash = release.Green, hex.EncodeToString(hash[:])
		s.Route.Front.PrivateListen = ":8080"
	}))
	for secret, want := range map[string]release.Side{"open sesame": release.Green, "wrong": release.Blue, "": release.Blue} {
		if c := admit(t, b, visit{headers: map[string]string{PrivateHeader: secret}}); c.Side() != want {
			t.Errorf("secret %q leads to %s, want %s", secret, c.Side(), want)
		}
	}
	if c, refusal := b.Admit(":8080", visit{path: "/"}); refusal != nil || c.Side() != release.Green {
		t.Errorf("the private listener leads to %+v, %+v", c, refusal)
	}
	publish(t, b, table(release.None, func(s *route.Service) {
		s.SecretHash = hex.EncodeToString(hash[:])
		s.Route.Front.PrivateListen = ":8080"
	}))
	if c := admit(t, b, visit{headers: map[string]string{PrivateHeader: "open sesame"}}); c.Side() != release.Blue {
		t.Error("the secret works without a private side")
	}
	if _, refusal := b.Admit(":8080", visit{path: "/"}); refusal == nil || refusal.Status != 503 {
		t.Errorf("the private listener without a private side: %+v", refusal)
	}
}

func TestWhatIsNotServedIsRefusedAndCounted(t *testing.T) {
	t.Parallel()
	b := New(&ledger.Book{})
	if _, refusal := b.Admit(listen, visit{path: "/"}); refusal == nil || refusal.Status != 404 {
		t.Errorf("an empty table: %+v", refusal)
	}
	publish(t, b, table(release.None, func(s *route.Service) { s.Route.Sides.Blue.Weight = release.None }))
	if _, refusal := b.Admit(listen, visit{path: "/"}); refusal == nil || refusal.Status != 503 {
		t.Errorf("a route without weights: %+v", refusal)
	}
	if b.Unrouted() != 2 {
		t.Errorf("%d counted", b.Unrouted())
	}
}

func TestTheLeastBusyEndpointIsNextAndTurnsBreakTies(t *testing.T) {
	t.Parallel()
	b := New(&ledger.Book{})
	publish(t, b, table(release.None))
	now := time.Unix(1000, 0)
	seen := map[string]int{}
	for range 10 {
		c, _ := b.Admit(listen, visit{path: "/"})
		seen[c.Endpoint(now, true).ID]++
		c.Close(ledger.End{})
	}
	if seen["b1"] != 5 || seen["b2"] != 5 {
		t.Errorf("idle endpoints take turns, got %v", seen)
	}
	busy := admit(t, b, visit{}).Endpoint(now, true)
	for range 3 {
		c, _ := b.Admit(listen, visit{path: "/"})
		if e := c.Endpoint(now, true); e == busy {
			t.Errorf("the busy %s got another request", e.ID)
		}
		c.Close(ledger.End{})
	}
}

func TestASecondTryGoesElsewhereIfItCan(t *testing.T) {
	t.Parallel()
	b := New(&ledger.Book{})
	publish(t, b, table(release.None))
	c := admit(t, b, visit{})
	first := c.Endpoint(time.Now(), true)
	if second := c.Endpoint(time.Now(), true); second == first || first.inFlight.Load() != 0 || second.inFlight.Load() != 1 {
		t.Errorf("first %s (%d), second %s (%d)", first.ID, first.inFlight.Load(), second.ID, second.inFlight.Load())
	}
}

func TestAnEndpointThatClosesEarlyTeachesToRestLess(t *testing.T) {
	t.Parallel()
	e := endpoint(release.Endpoint{ID: "a"}, nil)
	e.ClosedIdle(time.Minute)
	if e.Rest() != restAtFirst {
		t.Errorf("a patient endpoint changed it to %v", e.Rest())
	}
	e.ClosedIdle(100 * time.Millisecond)
	e.ClosedIdle(200 * time.Millisecond)
	if e.Rest() != 80*time.Millisecond {
		t.Errorf("rests for %v, want 80ms", e.Rest())
	}
}

func TestLeftoverStreamsAreClosedOneByOneOverTheSpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := New(&ledger.Book{})
		publish(t, b, table(release.None))
		start := time.Now()
		var mu sync.Mutex
		var cuts []time.Duration
		for range 5 {
			c := admit(t, b, visit{})
			c.Stream(200, 0, func() {
				mu.Lock()
				defer mu.Unlock()
				cuts = append(cuts, time.Since(start))
			})
		}
		if n := b.CloseStreams(t.Context(), "shop", release.Blue, nil, 10*time.Second); n != 5 {
			t.Fatalf("%d streams are being closed, want 5", n)
		}
		if n := b.CloseStreams(t.Context(), "shop", release.Blue, nil, 0); n != 0 {
			t.Errorf("a repeated order began a second round of %d", n)
		}
		if n := b.CloseStreams(t.Context(), "shop", release.Green, nil, 0); n != 0 {
			t.Errorf("green has no streams, but %d are being closed", n)
		}
		<-time.After(time.Minute)
		synctest.Wait()
		for i, at := range cuts {
			if want := time.Duration(i) * 2 * time.Second; at != want {
				t.Errorf("cut %d came at %v, want %v", i, at, want)
			}
		}
		if len(cuts) != 5 {
			t.Errorf("%d cuts", len(cuts))
		}
	})
}
