package ledger

import (
	"testing"
	"testing/synctest"
	"time"

	"cutover/internal/analysis"
	"cutover/internal/release"
)

// use lets a client send a request that ends in some way.
func use(s *Side, client uint64, end End) {
	e, _ := s.Open(Visitor{Client: client}, always)
	e.Close(end)
}

var (
	good  = End{Outcome: Answered, Status: 200, Took: 20 * time.Millisecond}
	wrong = End{Outcome: Answered, Status: 500, Took: time.Millisecond}
)

func TestAClientThatRetriesIsOneBadClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var book Book
		blue := book.Of("shop", release.Blue)
		for range 60 { // twelve minutes
			use(blue, 1, wrong)
			use(blue, 2, good)
			<-time.After(12 * time.Second)
		}
		use(blue, 1, wrong)
		use(blue, 2, good)
		use(blue, 3, End{Outcome: Lost})
		u := blue.Read().Users
		if u.Requests != 123 || u.Bad != 62 || u.BadClients != 3 {
			t.Errorf("a client that failed for twelve minutes, and another one: %+v", u)
		}
		if u.Clients != 3 || u.BadNow != 2 {
			t.Errorf("%d clients now, %d of them bad, want 3 and 2", u.Clients, u.BadNow)
		}
	})
}

func TestTheSameClientCountsOnEachSide(t *testing.T) {
	t.Parallel()
	var book Book
	use(book.Of("shop", release.Blue), 1, wrong)
	use(book.Of("shop", release.Green), 1, wrong)
	for _, side := range []release.Side{release.Blue, release.Green} {
		if u := book.Of("shop", side).Read().Users; u.BadClients != 1 {
			t.Errorf("%s: %+v", side, u)
		}
	}
}

func TestTestersAndThoseWhoLeftAreNotAmongTheUsers(t *testing.T) {
	t.Parallel()
	var side Side
	for range 5 {
		e, _ := side.Open(Visitor{Tester: true}, always)
		e.Stream(200, time.Millisecond, func() {})
		e.Close(wrong)
	}
	use(&side, 1, End{Outcome: ClientGone, Status: 500})
	r := side.Read()
	if u := r.Users; u.Requests+u.Bad+u.Clients != 0 || len(u.Latency) != 0 {
		t.Errorf("%+v", u)
	}
	if r.Counters.Accepted != 6 {
		t.Errorf("the ledger has %d requests, want all of them", r.Counters.Accepted)
	}
}

func TestLatencyCountsEachClientOnceInAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var side Side
		for range 50 { // half a minute
			use(&side, 1, End{Outcome: Answered, Status: 200, Took: 3 * time.Second})
			<-time.After(600 * time.Millisecond)
		}
		use(&side, 2, good)
		use(&side, 3, wrong)
		e, _ := side.Open(Visitor{Client: 4}, always)
		e.Stream(200, 20*time.Millisecond, func() {})
		e.Close(End{Outcome: Answered, Status: 200, Took: time.Hour})
		want := map[int]uint64{analysis.Bin(3 * time.Second): 1, analysis.Bin(20 * time.Millisecond): 2}
		got := side.Read().Users.Latency
		for _, l := range got {
			if want[l.Bin] != l.Count {
				t.Errorf("%d answers in bin %d, want %d", l.Count, l.Bin, want[l.Bin])
			}
		}
		if len(got) != len(want) {
			t.Errorf("latencies %+v, want %v", got, want)
		}
	})
}

func TestClientsAreThoseOfTheLastTenSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var side Side
		for client := range uint64(100) {
			use(&side, client, good)
			use(&side, client, good)
		}
		// Two clients may fall on the same slot.
		sees := func(when string, want uint64) {
			t.Helper()
			if n := side.Read().Users.Clients; n > want || n+3 < want {
				t.Errorf("%d clients %s, want %d", n, when, want)
			}
		}
		sees("at once", 100)
		<-time.After(9 * time.Second)
		use(&side, 1000, good)
		sees("after nine seconds", 101)
		<-time.After(2 * time.Second)
		if n := side.Read().Users.Clients; n != 1 {
			t.Errorf("%d clients after eleven seconds, want 1", n)
		}
	})
}
