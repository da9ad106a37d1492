package load

import (
	"math"
	"sync/atomic"
	"time"
)

// breather is how long a user of the closed model waits after an iteration
// that failed: nobody reloads a page that does not answer a thousand times a
// second.
const breather = 500 * time.Millisecond

// admit starts all users there will ever be, on every side.
func (l *load) admit() {
	most := int(math.Ceil(l.program.ramp.most()))
	for _, s := range l.sides {
		begun := &atomic.Int64{}
		for k := range most {
			l.all.Go(func() { l.live(s, k, begun) })
		}
	}
}

// live is the time of user k: iteration after iteration, as long as the level
// says that there are more than k users.
func (l *load) live(s *side, k int, begun *atomic.Int64) {
	p := l.program.plan
	at := s.hosts[k%len(s.hosts)]
	u := newUser(k, at)
	for own := uint64(0); ; own++ {
		offset, ok := l.program.ramp.active(k, time.Since(l.began))
		if !ok || !l.waitUntil(l.began.Add(offset)) {
			return
		}
		n := int(begun.Add(1)) - 1
		if p.Iterations > 0 && n >= p.Iterations {
			return
		}
		due := time.Now()
		// A user makes the same choices in every run, whenever they come.
		it := newIteration(n, due, p.Seed, uint64(k)<<32|own)
		index := l.program.pick(it.chance)
		v := &visit{user: u, load: l, scenario: &l.program.scenarios[index], iteration: it, due: due}
		s.tally.begin(due, at, v.scenario, unbounded)
		how := v.run(index)
		s.tally.end(due, how)
		if how == failed && !l.waitUntil(time.Now().Add(breather)) {
			return
		}
	}
}
