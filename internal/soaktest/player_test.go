package soaktest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"cutover/internal/testkit/fault"
)

// blow is a fault that struck.
type blow struct {
	kind
	victim string
	// pid is the victim's process when it was struck.
	pid int
	// from is right before it struck, until when it was mended, or, of a kill,
	// when what was killed was back; recovered when all was well again.
	from, until, recovered time.Time
}

// kills reports whether the blow ends a process at once.
func (b blow) kills() bool { return b.Least == 0 && b.Most == 0 }

// player plays a plan: a goroutine a lane, one fault after the other. What
// comes due before the last one is overcome waits.
type player struct {
	*stage
	keeper *keeper
	known  []kind

	mu     sync.Mutex
	blows  []*blow
	missed map[string]int
}

// play returns when the plan is played, or ctx ends. What is broken then is
// mended in any case.
func (p *player) play(ctx context.Context, plan []fault.Strike) {
	lanes := map[string][]fault.Strike{}
	for _, s := range plan {
		lanes[s.Lane] = append(lanes[s.Lane], s)
	}
	began := time.Now()
	var all sync.WaitGroup
	for _, lane := range lanes {
		all.Go(func() {
			for _, s := range lane {
				if !sleep(ctx, time.Until(began.Add(s.At))) {
					return
				}
				p.strike(ctx, s)
			}
		})
	}
	all.Wait()
}

// sleep returns false if ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// findWithin is how long a fault waits for somebody whom it may strike.
const findWithin = 20 * time.Second

// strike plays one fault from its injection to full recovery.
func (p *player) strike(ctx context.Context, s fault.Strike) {
	k := p.known[slices.IndexFunc(p.known, func(k kind) bool { return k.Name == s.Kind })]
	b := &blow{kind: k}
	heal, err := p.inject(ctx, s, b)
	if err != nil {
		p.note("- %s found nobody: %v", s.Kind, err)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.missed[s.Kind]++
		return
	}
	p.note("! %s %s for %.1f s", s.Kind, b.victim, s.For.Seconds())
	sleep(ctx, s.For)
	if err := heal(); err != nil {
		p.broke("mend %s: %v", s.Kind, err)
	}
	mended := time.Now()
	if !b.kills() {
		p.mark(b, &b.until, mended)
	}
	// The recovery is waited for even when the soak ends meanwhile.
	well := until(context.WithoutCancel(ctx), p.recovery, func() bool { return p.recovered(b) })
	now := time.Now()
	if b.kills() {
		p.mark(b, &b.until, now)
	}
	p.mark(b, &b.recovered, now)
	if !well {
		p.broke("not recovered from %s %s within %s", s.Kind, b.victim, p.recovery)
		return
	}
	p.note("  %s %s overcome in %.2f s", s.Kind, b.victim, now.Sub(mended).Seconds())
}

func (p *player) inject(ctx context.Context, s fault.Strike, b *blow) (heal func() error, err error) {
	struck := until(ctx, findWithin, func() bool {
		var f fault.Fault
		if f, b.victim, err = b.arm(s); err != nil {
			return false
		}
		if b.victim != "" {
			b.pid = p.instancePid(b.victim)
		}
		b.from = time.Now()
		short, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		p.enter(b)
		if heal, err = f.Inject(short); err != nil {
			p.leave(b)
		}
		return err == nil
	})
	if !struck {
		return nil, errors.Join(errors.New("nothing to strike in time"), err)
	}
	return heal, nil
}

func (p *player) enter(b *blow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blows = append(p.blows, b)
}

func (p *player) leave(b *blow) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blows = slices.DeleteFunc(p.blows, func(o *blow) bool { return o == b })
}

func (p *player) mark(_ *blow, at *time.Time, to time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*at = to
}

// all returns the blows so far; those under way last until now.
func (p *player) all() []blow {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []blow
	for _, b := range p.blows {
		one := *b
		for _, at := range []*time.Time{&one.until, &one.recovered} {
			if at.IsZero() {
				*at = time.Now()
			}
		}
		list = append(list, one)
	}
	return list
}

// recovered reports whether what the blow broke is well again.
func (p *player) recovered(b *blow) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	switch b.Lane {
	case controllerLane, machineLane:
		info, err := p.control.Info(ctx)
		return err == nil && info.Leading
	case frontLane:
		if p.answers() == "" {
			return false
		}
		_, err := p.front.Health(ctx)
		return err == nil
	}
	if b.victim != "" && b.kills() && p.instancePid(b.victim) == b.pid {
		return false // it is dying, or nobody has noticed
	}
	st, err := p.front.Stats(ctx, "shop")
	if err != nil {
		return false
	}
	for _, side := range []struct{ weight, endpoints int }{
		{int(st.Route.Sides.Blue.Weight), len(st.Route.Sides.Blue.Endpoints)}, {int(st.Route.Sides.Green.Weight), len(st.Route.Sides.Green.Endpoints)},
	} {
		if side.weight > 0 && side.endpoints < 2 {
			return false
		}
	}
	return true
}
