package crashtest

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"cutover/internal/demo/load"
)

// seedVariable names a seed to play again.
const seedVariable = "CRASHTEST_SEED"

func TestKillingTheControllerAndTheDataPlaneAtAnyTimeChangesNothing(t *testing.T) {
	t.Parallel()
	dice := newDice(t)
	what := []story{goodRelease, badRelease, takenBack}[dice.IntN(3)]
	calm := uninterrupted(t, what)

	s := newStage(t, what.name+", killed at random")
	var lost losses
	users := s.crowd(lost.observe)
	var dark outage
	began := time.Now()
	s.play(what, s.atRandom(&journey{stage: s, story: what}, dice, &dark))
	took := time.Since(began)
	dark.over.Wait()
	report := users.leave()

	apart, others := lost.sort(&dark)
	for _, o := range others {
		t.Errorf("lost while the data plane ran: %+v", o)
	}
	if report.Streams.Cut > 2 || report.Mismatched != 0 {
		t.Errorf("%d streams were cut, 2 were open when the data plane was killed; %d answers mixed up", report.Streams.Cut, report.Mismatched)
	}
	if c := s.counters(); c.Lost != 0 || c.Accepted == 0 {
		t.Errorf("the ledger of the new data plane: %+v", c)
	}
	s.proveHistory(s.readJournal())
	same(t, calm, s.ending(what))
	t.Logf("%s in %.1f s: %d requests answered; the data plane was away for %v, %d requests broke with it",
		what.release(), took.Seconds(), report.Requests.Answered, dark.until.Sub(dark.from).Round(time.Millisecond), apart)
}

// newDice returns dice whose seed is on record.
func newDice(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	t.Logf("play it again with %s=%d", seedVariable, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// atRandom kills the controller a few times at any moment, and once, early
// enough that the release cannot be over yet, the data plane. Then a last
// controller sees the release through.
func (s *stage) atRandom(j *journey, dice *rand.Rand, dark *outage) func(context.Context) {
	const kills, longest = 10, 500 * time.Millisecond
	return func(ctx context.Context) {
		s.t.Helper()
		fatal := dice.IntN(3)
		for i := range kills {
			c := s.start("serve", "--state", s.path())
			if i == fatal {
				dark.over.Add(1)
				time.AfterFunc(within(dice, longest), func() { s.darken(dark) })
				s.t.Cleanup(dark.over.Wait)
			}
			kill := time.AfterFunc(within(dice, longest), func() { _ = c.cmd.Process.Kill() })
			if j.follow(ctx, c) {
				kill.Stop()
				c.bowOut()
				return
			}
		}
		s.calmly(j)(ctx)
	}
}

func within(dice *rand.Rand, longest time.Duration) time.Duration {
	return time.Duration(dice.Int64N(int64(longest)))
}

// outage is the time in which there was no data plane.
type outage struct {
	from, until time.Time
	over        sync.WaitGroup
}

// darken kills the data plane and waits until one answers again.
func (s *stage) darken(dark *outage) {
	defer dark.over.Done()
	h, err := s.front.Health(context.Background())
	if err != nil {
		s.t.Errorf("look for the data plane: %v", err)
		return
	}
	dark.from = time.Now()
	if err := syscall.Kill(h.PID, syscall.SIGKILL); err != nil {
		s.t.Errorf("kill the data plane: %v", err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Minute)
	for s.answers() == "" {
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Error("the data plane did not come back")
			return
		}
	}
	dark.until = time.Now()
}

// losses collects the requests that were lost.
type losses struct {
	mu  sync.Mutex
	all []load.Outcome
}

func (l *losses) observe(o load.Outcome) {
	if o.Fate != load.Lost {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, o)
}

// sort counts those apart that were under way, or due, while there was no data
// plane, and returns the others.
func (l *losses) sort(dark *outage) (apart int, others []load.Outcome) {
	for _, o := range l.all {
		begun := o.Sent
		if begun.IsZero() {
			begun = o.Intended
		}
		if o.Done.After(dark.from) && begun.Before(dark.until) && o.Reason != load.ByProxy {
			apart++
		} else {
			others = append(others, o)
		}
	}
	return apart, others
}
