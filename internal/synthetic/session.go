package synthetic

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"cutover/internal/load"
	"cutover/internal/release"
)

// session sends the pairs of one release.
type session struct {
	release  string
	seed     uint64
	interval time.Duration
	pairs    *load.Pairs
	cancel   context.CancelFunc
	all      sync.WaitGroup

	mu sync.Mutex
	// at is who is asked now: nobody while it rests.
	at *targets
	// moved says that others were asked before.
	moved  bool
	busy   [AtOnce]bool
	ended  []release.SyntheticPair
	number uint64
}

// targets are the instances of both sides for as long as they stay the same.
type targets struct {
	// sides are the addresses: the new side's and the old one's.
	sides  [2][]string
	ctx    context.Context
	cancel context.CancelFunc
}

func begin(o release.SyntheticOrder, plan load.Plan) (*session, error) {
	pairs, err := load.NewPairs(plan, AtOnce)
	if err != nil {
		return nil, err
	}
	h := fnv.New64a()
	h.Write([]byte(o.Release))
	ctx, cancel := context.WithCancel(context.Background())
	s := &session{release: o.Release, seed: h.Sum64(), interval: time.Duration(float64(time.Second) / o.Synthetic.Rate), pairs: pairs,
		cancel: cancel, number: o.First}
	s.all.Go(func() { s.run(ctx) })
	return s, nil
}

// end waits until nothing of it is under way. Its context must have ended.
func (s *session) end() {
	s.all.Wait()
	s.pairs.Close()
}

// observe takes in who is to be asked and hands over what has ended.
func (s *session) observe(o release.SyntheticOrder) []release.SyntheticPair {
	s.mu.Lock()
	defer s.mu.Unlock()
	want := [2][]string{addresses(o.New), addresses(o.Old)}
	rests := !o.Sends || len(want[0]) == 0 || len(want[1]) == 0
	if s.at != nil && (rests || !slices.Equal(want[0], s.at.sides[0]) || !slices.Equal(want[1], s.at.sides[1])) {
		s.at.cancel() // what is under way there says nothing any more
		s.at, s.moved = nil, true
	}
	if !rests && s.at == nil {
		s.at = &targets{sides: want}
		s.at.ctx, s.at.cancel = context.WithCancel(context.Background())
	}
	ended := s.ended
	s.ended = nil
	return ended
}

func addresses(instances []release.Instance) []string {
	var list []string
	for _, in := range instances {
		list = append(list, "http://"+in.Addr)
	}
	slices.Sort(list)
	return list
}

// run begins a pair at every interval until ctx ends. Times that were missed,
// as on a machine that was suspended, are not made up for.
func (s *session) run(ctx context.Context) {
	tick := time.NewTicker(s.interval)
	defer tick.Stop()
	defer s.rest()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.next()
		}
	}
}

// rest has nobody asked any more.
func (s *session) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at != nil {
		s.at.cancel()
		s.at = nil
	}
}

// next begins a pair, unless there is nobody to ask or enough is under way.
func (s *session) next() {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.number
	slot := n % AtOnce
	if s.at == nil || len(s.ended) >= mostKept {
		return
	}
	if s.moved && s.busy == [AtOnce]bool{} {
		s.pairs.Retain(slices.Concat(s.at.sides[0], s.at.sides[1]))
		s.moved = false
	}
	s.number++
	if s.busy[slot] {
		return
	}
	s.busy[slot] = true
	at := s.at
	s.all.Go(func() {
		p, whole := s.play(at, n)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy[slot] = false
		if whole {
			p.At = time.Now()
			s.ended = append(s.ended, p)
		}
	})
}

// play asks both sides. Who comes first is tossed for, so that if the versions
// are alike they could change places in every pair; the second comes half an
// interval, at most half a second, later. It returns false if the pair was
// called off.
func (s *session) play(at *targets, n uint64) (release.SyntheticPair, bool) {
	first := rand.New(rand.NewPCG(s.seed, n)).IntN(2)
	var tries [2]load.Attempt
	var both sync.WaitGroup
	ask := func(side int) {
		list := at.sides[side]
		both.Go(func() { tries[side] = s.pairs.Play(at.ctx, side, int(n), list[n%uint64(len(list))]) })
	}
	ask(first)
	gap := time.NewTimer(min(s.interval/2, time.Second/2))
	defer gap.Stop()
	select {
	case <-gap.C:
		ask(1 - first)
	case <-at.ctx.Done():
	}
	both.Wait()
	if at.ctx.Err() != nil {
		return release.SyntheticPair{}, false
	}
	return pairOf(tries[load.PairTarget], tries[load.PairAgainst]), true
}

// pairOf words what became of a pair.
func pairOf(fresh, old load.Attempt) release.SyntheticPair {
	p := release.SyntheticPair{Of: fresh.Scenario, New: tryOf(fresh), Old: tryOf(old)}
	for _, one := range []struct {
		who string
		a   load.Attempt
	}{{"the new version", fresh}, {"the old version", old}} {
		switch one.a.Fault {
		case load.LocalFault:
			p.Void = "this machine could not send it: " + one.a.Detail
		case load.ConnectFault:
			p.Void = one.who + " cannot be reached from here: " + one.a.Detail
		}
	}
	return p
}

func tryOf(a load.Attempt) release.SyntheticTry {
	return release.SyntheticTry{Bad: a.Fault != "", Took: a.Took}
}
