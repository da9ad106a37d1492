package ledger

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/release"

	"pgregory.net/rapid"
)

func always() bool { return true }

func adds(r Reading) bool {
	c := r.Counters
	return c.Accepted == c.Answered+c.ClientGone+c.Lost+uint64(r.Requests)+uint64(r.Streams)
}

func TestEveryAcceptedRequestIsAccountedForAtEveryInstant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var side Side
		var open []*Entry
		for range rapid.IntRange(1, 60).Draw(t, "moves") {
			switch move := rapid.IntRange(0, 2).Draw(t, "move"); {
			case move == 0 || len(open) == 0:
				e, ok := side.Open(Visitor{}, always)
				if !ok {
					t.Fatal("not opened")
				}
				open = append(open, e)
			case move == 1:
				open[rapid.IntRange(0, len(open)-1).Draw(t, "which")].Stream(200, time.Millisecond, func() {})
			default:
				// Closed entries stay in the list: a second end must not count.
				i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				open[i].Close(End{
					Outcome: Outcome(rapid.IntRange(0, 2).Draw(t, "outcome")),
					Status:  rapid.SampledFrom([]int{0, 101, 200, 404, 502}).Draw(t, "status"),
					Cut:     rapid.Bool().Draw(t, "cut"),
				})
			}
			if r := side.Read(); !adds(r) || r.Requests < 0 {
				t.Fatalf("does not add up: %+v", r)
			}
		}
	})
}

func TestAReadingAfterTheSwitchMissesNothing(t *testing.T) {
	t.Parallel()
	for range 200 {
		var side Side
		var moved atomic.Bool
		var entered atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 50 {
					if _, ok := side.Open(Visitor{}, func() bool { return !moved.Load() }); ok {
						entered.Add(1)
					}
				}
			})
		}
		moved.Store(true)
		after := side.Read().Requests
		wg.Wait()
		if int64(after) != entered.Load() {
			t.Fatalf("read %d in flight after the switch, but %d got in", after, entered.Load())
		}
	}
}

func TestAStreamIsCountedAsStreamAndCutOnce(t *testing.T) {
	t.Parallel()
	var side Side
	e, _ := side.Open(Visitor{}, always)
	cuts := 0
	e.Cut()
	e.Stream(200, time.Millisecond, func() { cuts++ })
	if r := side.Read(); r.Requests != 0 || r.Streams != 1 || len(side.Streams()) != 1 {
		t.Fatalf("after the head: %+v", r)
	}
	e.Cut()
	e.Close(End{Outcome: Answered, Status: 200, Took: time.Hour, Ordered: true})
	r := side.Read()
	if cuts != 1 || r.Streams != 0 || r.Counters != (release.Counters{Accepted: 1, Answered: 1, ClosedStreams: 1}) {
		t.Errorf("cut %d times, %+v", cuts, r)
	}
	if got := r.Latency["2xx"]; got.Count != 1 || got.Max > 1100 {
		t.Errorf("a stream's latency is the time to its head, got %+v", got)
	}
}

func TestLatencyIsKeptPerStatusClassWithinOnePercent(t *testing.T) {
	t.Parallel()
	var side Side
	for i := 1; i <= 1000; i++ {
		e, _ := side.Open(Visitor{}, always)
		e.Close(End{Outcome: Answered, Status: 200, Took: time.Duration(i) * time.Millisecond})
	}
	lost, _ := side.Open(Visitor{}, always)
	lost.Close(End{Outcome: Lost, Status: 502, Took: 2 * time.Hour})
	cut, _ := side.Open(Visitor{}, always)
	cut.Close(End{Outcome: Lost, Status: 200, Took: time.Second})
	r := side.Read()
	ok := r.Latency["2xx"]
	for _, c := range []struct{ got, want int64 }{{ok.P50, 500_000}, {ok.P90, 900_000}, {ok.P99, 990_000}, {ok.Max, 1_000_000}} {
		if diff := c.got - c.want; diff < -c.want/100 || diff > c.want/100 {
			t.Errorf("got %d us, want %d within 1%%", c.got, c.want)
		}
	}
	if ok.Count != 1000 {
		t.Errorf("%d good answers, want 1000: one that broke off has no latency", ok.Count)
	}
	if bad := r.Latency["5xx"]; bad.Count != 1 || bad.Max < longest*99/100 {
		t.Errorf("beyond the scale: %+v", bad)
	}
	var sum int64
	for _, b := range ok.Buckets {
		sum += b.Count
	}
	if sum != 1000 {
		t.Errorf("the buckets hold %d answers", sum)
	}
	if r.Counters.Errors != 1 || r.Counters.Lost != 2 {
		t.Errorf("counters %+v", r.Counters)
	}
}

func TestABookKeepsEachSideForGood(t *testing.T) {
	t.Parallel()
	var book Book
	e, _ := book.Of("shop", release.Blue).Open(Visitor{}, always)
	e.Close(End{Outcome: Answered, Status: 200})
	if got := book.Of("shop", release.Blue).Read().Counters.Answered; got != 1 {
		t.Errorf("answered %d, want 1", got)
	}
	if got := book.Of("shop", release.Green).Read().Counters.Answered; got != 0 {
		t.Errorf("green has %d", got)
	}
	if len(book.All()) != 2 {
		t.Errorf("%d sides", len(book.All()))
	}
}

func TestWhatIsInFlightIsSplitByEndpoint(t *testing.T) {
	var s Side
	open := func(at string) *Entry {
		e, ok := s.Open(Visitor{}, func() bool { return true })
		if !ok {
			t.Fatal("the ledger refused an entry")
		}
		e.At(at)
		return e
	}
	a, b, c := open("one"), open("one"), open("two")
	b.Stream(200, 0, func() {})
	c.At("one")
	want := []release.Load{{ID: "one", Requests: 2, Streams: 1}}
	if got := s.Read().Load; !slices.Equal(got, want) {
		t.Errorf("load is %+v, want %+v", got, want)
	}
	for _, e := range []*Entry{a, b, c} {
		e.Close(End{Outcome: Answered, Status: 200})
	}
	c.At("late")
	if got := s.Read().Load; len(got) != 0 {
		t.Errorf("load is %+v after everything has ended", got)
	}
}
