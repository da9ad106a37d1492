package watch

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"cutover/internal/signal"
	"cutover/internal/signal/condition"
)

// session is the watch of one release.
type session struct {
	opt        Options
	release    string
	set        signal.Set
	conditions []*condition.Program
	epoch      string
	cancel     context.CancelFunc
	all        sync.WaitGroup

	mu      sync.Mutex
	subject signal.Subject
	history signal.History
}

// begin checks the set and starts to read.
func begin(opt Options, o signal.Order) (*session, error) {
	s := &session{opt: opt, release: o.Release, set: o.Set, subject: o.Subject}
	if err := o.Set.Check(); err != nil {
		return nil, err
	}
	for _, one := range o.Set.Signals {
		r := opt.Readers[one.Source.Kind]
		if r == nil {
			return nil, fmt.Errorf("signal %s: nothing here reads %s", one.Name, one.Source.Kind)
		}
		if err := r.Check(one); err != nil {
			return nil, fmt.Errorf("signal %s: %w", one.Name, err)
		}
	}
	for _, c := range o.Set.Conditions {
		p, err := condition.Compile(c, o.Set.Signals)
		if err != nil {
			return nil, fmt.Errorf("condition %s: %w", c.Name, err)
		}
		s.conditions = append(s.conditions, p)
	}
	s.history.Recall(o.Baselines)
	s.epoch = strconv.FormatInt(opt.Now().UnixNano(), 36)
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	if len(o.Set.Signals) > 0 {
		s.all.Go(func() { s.run(ctx) })
	}
	return s, nil
}

// end stops reading and waits until nothing of it runs any more.
func (s *session) end() {
	s.cancel()
	s.all.Wait()
}

// run polls until ctx ends. A poll that takes longer than the pause between
// two is followed by the next at once, never overtaken by it.
func (s *session) run(ctx context.Context) {
	tick := time.NewTicker(s.set.Every)
	defer tick.Stop()
	for {
		s.poll(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// poll reads every signal once.
func (s *session) poll(ctx context.Context) {
	s.mu.Lock()
	subject := s.subject
	s.mu.Unlock()
	turns := make(chan struct{}, s.opt.AtOnce)
	var all sync.WaitGroup
	for _, one := range s.set.Signals {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		all.Go(func() {
			defer func() { <-turns }()
			s.read(ctx, one, subject)
		})
	}
	all.Wait()
}

// read reads one signal and remembers what it says.
func (s *session) read(ctx context.Context, one signal.Signal, subject signal.Subject) {
	limited, cancel := context.WithTimeout(ctx, s.opt.Deadline)
	defer cancel()
	list := s.opt.Readers[one.Source.Kind].Read(limited, one, subject)
	if ctx.Err() != nil {
		return // that it was interrupted says nothing of the source
	}
	if one.ByRequest {
		list = append(list, requests(subject)...)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history.Take(one, signal.Batch{At: s.opt.Now(), Readings: list, Before: !subject.New.Here()})
}

// requests are those that the sides have answered: the whole of what is
// counted by request.
func requests(of signal.Subject) []signal.Reading {
	const front = "the front"
	var list []signal.Reading
	of.Each(func(side signal.Side, p signal.Party) {
		r := signal.Reading{Side: side, Instance: front, At: p.At, Of: p.Served, Epoch: p.Epoch}
		if p.At.IsZero() {
			r.Missing = "its requests are not known"
		}
		list = append(list, r)
	})
	return list
}

// observe takes in how things stand and says what is known.
func (s *session) observe(o signal.Order) signal.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subject = o.Subject
	s.history.Names = signal.Names{Old: o.Subject.Old.Label, New: o.Subject.New.Label}
	now := s.opt.Now()
	findings := signal.Evaluate(s.set.Signals, s.history, now)
	r := signal.Report{
		Readings: s.history.Readings(s.set.Signals, findings), Settings: signal.Analysed(s.set.Signals, s.set.Every),
		Epoch: s.epoch, Baselines: s.history.Baselines(),
	}
	values := map[string]signal.Values{}
	for i, one := range s.set.Signals {
		values[one.Name] = findings[i].Values
	}
	for _, c := range s.conditions {
		findings = append(findings, c.Evaluate(o.Moment, values))
	}
	r.Findings = findings
	return r
}
