package load

import (
	"math"
	"time"
)

// keepTime begins an iteration on every side whenever one is due, whatever
// became of those before. Each time is counted from the beginning, so that
// being late once delays nothing else.
//
// With two sides the second of each pair comes half an interval, at most half
// a second, after the first, and they take turns in being first: neither has
// the better seconds.
func (l *load) keepTime() {
	p := l.program.plan
	clock, err := newAlarm()
	if err == nil {
		defer clock.close()
	}
	for n := 0; p.Iterations == 0 || n < p.Iterations; n++ {
		at, ok := l.program.ramp.arrival(n)
		if !ok {
			return
		}
		gap := time.Duration(0)
		if next, ok := l.program.ramp.arrival(n + 1); ok {
			gap = min(next-at, time.Second)
		}
		for i := range l.sides {
			s := l.sides[(i+n)%len(l.sides)]
			due := l.began.Add(at + gap*time.Duration(i)/time.Duration(len(l.sides)))
			l.waitExactly(due, clock)
			if l.hard.Err() != nil {
				return
			}
			l.arrive(s, n, due)
		}
	}
}

// waitExactly returns at a time, to a fraction of a millisecond, or when the
// load is over. Without an alarm it is as exact as Go's timers.
func (l *load) waitExactly(at time.Time, clock *alarm) {
	early := time.Duration(0)
	if clock != nil {
		early = shortest
	}
	if time.Until(at) > early && !l.waitUntil(at.Add(-early)) {
		return
	}
	if d := time.Until(at); d > 0 && clock != nil {
		// Where it fails the request is early by less than shortest.
		_ = clock.wait(d)
	}
}

// tooLate is how long after it was due an iteration is not begun any more
// once the load is over.
const tooLate = time.Second

// arrive begins iteration n on one side, or drops it: because too many are
// under way, or because this machine only came to it long after it was due,
// when the load was over. Left out of the account, these would make it look
// better than it was.
func (l *load) arrive(s *side, n int, due time.Time) {
	it := newIteration(n, due, l.program.plan.Seed, uint64(n))
	index := l.program.pick(it.chance)
	scenario := &l.program.scenarios[index]
	at := s.hosts[n%len(s.hosts)]
	most := l.program.plan.InFlight
	if l.over() && time.Since(due) > tooLate {
		most = 0
	}
	if !s.tally.begin(due, at, scenario, most) {
		return
	}
	l.all.Go(func() {
		u := at.take()
		v := &visit{user: u, load: l, scenario: scenario, iteration: it, due: due}
		s.tally.end(due, v.run(index))
		at.giveBack(u)
	})
}

// unbounded is for the closed model, whose users are the bound.
const unbounded = math.MaxInt
