package hold

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cutover/internal/release"
)

var limits = release.Holding{AtMost: 10 * time.Second, Requests: 3}

func enter(t *testing.T, r *Room) *Place {
	t.Helper()
	p, ok := r.Enter(limits)
	if !ok {
		t.Fatal("the room is full")
	}
	t.Cleanup(p.Leave)
	return p
}

func TestARoomTakesNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	var r Room
	for range limits.Requests {
		enter(t, &r)
	}
	if _, ok := r.Enter(limits); ok {
		t.Error("one more got in")
	}
	if _, ok := (&Room{}).Enter(release.Holding{Requests: 5}); ok {
		t.Error("a room without time took somebody")
	}
	r.waiting[1].Leave()
	enter(t, &r)
	if got, want := r.Read(), (release.Held{Now: 3, Total: 4, Full: 1}); got != want {
		t.Errorf("read %+v, want %+v", got, want)
	}
}

func TestAWaitEndsWithItsTimeHoweverOftenItIsTakenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r Room
		start, p := time.Now(), enter(t, &r)
		turns := 0
		for {
			why := p.Wait(t.Context())
			if why == Late {
				break
			}
			turns++
		}
		if took := time.Since(start); took != limits.AtMost || turns != int(limits.AtMost/every)-1 && turns != int(limits.AtMost/every) {
			t.Errorf("waited %v with %d tries", took, turns)
		}
		if got := r.Read(); got.Late != 1 {
			t.Errorf("read %+v", got)
		}
	})
}

func TestOnlyTheFirstTriesAndTheNextTakesItsTurnWhenItLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r Room
		first, second := enter(t, &r), enter(t, &r)
		got := make(chan Reason, 1)
		go func() { got <- second.Wait(t.Context()) }()
		for range 5 {
			if why := first.Wait(t.Context()); why != Turn {
				t.Fatalf("the first was woken by %d", why)
			}
		}
		select {
		case why := <-got:
			t.Fatalf("the second was woken by %d", why)
		default:
		}
		first.Leave()
		if why := <-got; why != Turn {
			t.Errorf("the second was woken by %d", why)
		}
	})
}

func TestEverybodyIsCalledAtOnceAndKeepsThePlaceIfItWasInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r Room
		first, second := enter(t, &r), enter(t, &r)
		start := time.Now()
		var wg sync.WaitGroup
		for _, p := range []*Place{first, second} {
			wg.Go(func() {
				if why := p.Wait(t.Context()); why != Called && why != Turn {
					t.Errorf("woken by %d", why)
				}
			})
		}
		synctest.Wait()
		r.Back()
		wg.Wait()
		if took := time.Since(start); took != 0 {
			t.Errorf("called after %v", took)
		}
		// The second is back sooner, and still behind the first.
		ctx, cancel := context.WithTimeout(t.Context(), every/2)
		defer cancel()
		if why := second.Wait(ctx); why != Gone {
			t.Errorf("woken by %d", why)
		}
		first.rejoin()
		if r.waiting[0] != first || r.waiting[1] != second {
			t.Error("the order is another one")
		}
	})
}

func TestAnInstanceThatTakesSomeAndRefusesOthersCallsNotTooOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r Room
		enter(t, &r)
		p := enter(t, &r)
		woken := func() bool {
			select {
			case <-p.called:
				p.rejoin()
				return true
			default:
				return false
			}
		}
		r.Back()
		if !woken() {
			t.Error("the first time calls nobody")
		}
		r.Back()
		if woken() {
			t.Error("it called again at once")
		}
		r.Open()
		if !woken() {
			t.Error("a change of the route calls nobody")
		}
		<-time.After(every)
		r.Back()
		if !woken() {
			t.Error("a while later it calls nobody")
		}
	})
}

func TestWhoeverIsSentToAnotherSideWaitsThereForTheRestOfTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var blue, green Room
		before, p := enter(t, &green), enter(t, &blue)
		start := time.Now()
		<-time.After(limits.AtMost / 2)
		p.Move(&green)
		if blue.Read().Now != 0 || green.Read().Now != 2 || !p.In(&green) || green.waiting[0] != before {
			t.Errorf("blue %+v, green %+v", blue.Read(), green.Read())
		}
		if why := p.Wait(t.Context()); why != Late || time.Since(start) != limits.AtMost {
			t.Errorf("woken by %d after %v", why, time.Since(start))
		}
	})
}

func TestWhoeverLeavesFreesThePlace(t *testing.T) {
	t.Parallel()
	var r Room
	p := enter(t, &r)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if why := p.Wait(ctx); why != Gone {
		t.Errorf("woken by %d", why)
	}
	p.Leave()
	p.Leave()
	if got, want := r.Read(), (release.Held{Total: 1, Gone: 1}); got != want {
		t.Errorf("read %+v, want %+v", got, want)
	}
}
