package load

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// every is how often progress is reported.
const every = time.Second

// load is one run of a program.
type load struct {
	program *program
	sides   []*side
	began   time.Time
	// soft ends when nothing new is to be sent; hard when nothing is to be
	// waited for any more.
	soft, hard context.Context
	all        sync.WaitGroup
}

// Run carries out the plan and returns what came of it. If report is not nil,
// it is called about once a second, one call at a time; it must not block.
//
// An error means that there is nothing to judge: the plan is not valid (Flaws),
// a reference cannot be resolved, or ctx has ended. In the last case everything
// under way is given up at once, and the result says what there was until then.
// A broken threshold is not an error: see Result.Passed. When Run returns,
// nothing of it is left but connections about to close.
func Run(ctx context.Context, p Plan, report func(Progress)) (Result, error) {
	_, result, err := run(ctx, p, 0, report)
	return result, err
}

// run is Run, and keeps latencies apart in that many rounds.
func run(ctx context.Context, p Plan, count int, report func(Progress)) (*load, Result, error) {
	p = p.complete()
	if err := p.Validate(); err != nil {
		return nil, Result{}, fmt.Errorf("check the load: %w", err)
	}
	ready, err := compile(p)
	if err != nil {
		return nil, Result{}, err
	}
	l := &load{program: ready, began: time.Now(), hard: ctx}
	soft, cancel := context.WithDeadline(ctx, l.began.Add(ready.ramp.lasts()))
	defer cancel()
	l.soft = soft
	from := l.began.Add(p.WarmUp)
	l.sides = append(l.sides, ready.newSide(targetSide, p.Targets, from))
	if len(p.Against) > 0 {
		l.sides = append(l.sides, ready.newSide(againstSide, p.Against, from))
	}
	for _, s := range l.sides {
		if count > 0 {
			s.tally.rounds = newRounds(ready, count, from, ready.ramp.lasts()-p.WarmUp)
		}
	}
	l.play(report)
	result := l.result(time.Now())
	if ctx.Err() != nil {
		return l, result, fmt.Errorf("the load was called off: %w", ctx.Err())
	}
	return l, result, nil
}

// Ready says which reference of a plan cannot be resolved on this machine, or
// nil. Nothing is sent, and nothing kept.
func (p Plan) Ready() error {
	if len(p.Flaws()) > 0 {
		return fmt.Errorf("check the load: %w", p.Flaws())
	}
	_, err := compile(p)
	return err
}

// What the sides are called.
const (
	targetSide  = "target"
	againstSide = "against"
)

// complete fills in what a plan leaves open.
func (p Plan) complete() Plan {
	if p.InFlight == 0 && p.Model == Open {
		p.InFlight = standardInFlight
	}
	if p.Timeout == 0 {
		p.Timeout = standardTimeout
	}
	return p
}

// play runs the load to its end and returns when nothing is under way.
func (l *load) play(report func(Progress)) {
	if l.program.plan.Model == Open {
		l.all.Go(l.keepTime)
	} else {
		l.admit()
	}
	over := make(chan struct{})
	go func() {
		l.all.Wait()
		close(over)
	}()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-over:
			running = false
		case now := <-tick.C:
			if report != nil {
				report(l.progress(now))
			}
		}
	}
	for _, s := range l.sides {
		for _, h := range s.hosts {
			h.transport.CloseIdleConnections()
		}
	}
}

// over reports whether nothing new is to be sent.
func (l *load) over() bool { return l.soft.Err() != nil }

// waitUntil returns true at a time, and false at once when the load is over.
func (l *load) waitUntil(at time.Time) bool {
	if d := time.Until(at); d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-l.soft.Done():
			return false
		}
	}
	return !l.over()
}
