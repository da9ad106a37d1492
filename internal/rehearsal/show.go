package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"cutover/internal/schema/lint"
)

// settling is how long sessions may take to end after a step.
const settling = 2 * time.Second

// step runs one step and records it. It reports whether the step came to its
// end; an error says that the rehearsal cannot go on at all.
func (s *show) step(ctx context.Context, step Step, before state) (state, bool, error) {
	if _, err := s.clone.settle(ctx, settling); err != nil {
		return state{}, false, err
	}
	visits, err := s.clone.visits(ctx)
	if err != nil {
		return state{}, false, err
	}
	watch, err := startSampling(ctx, s.clone.maintain, s.clone.db.Name)
	if err != nil {
		return state{}, false, err
	}
	began := time.Now()
	said, failure := step.Run(ctx, s.clone.source)
	took := time.Since(began)
	samples, ends, taken, err := watch.finish()
	if err != nil {
		return state{}, false, err
	}
	s.report.Recorder.Samples += taken
	if ctx.Err() != nil {
		return state{}, false, errors.Join(ctx.Err(), failure)
	}
	if failure == nil && len(samples) == 0 {
		failure = s.visited(ctx, visits)
	}
	after, err := s.look(ctx)
	if err != nil {
		return state{}, false, errors.Join(err, failure)
	}
	ran := Ran{Name: step.Name, Alone: step.Alone, Back: step.Back, Took: took.Milliseconds(), Output: said}
	if failure != nil {
		ran.Error = failure.Error()
		s.report.Reasons = append(s.report.Reasons, Reason{ID: "does-not-run", Verdict: Failed, What: step.Name + " fails",
			Why: lastWords(ran.Error) + "; nothing can be said of a change that does not run", Evidence: []string{ran.Error}})
	}
	return after, failure == nil, s.record(ctx, ran, before, after, samples, ends)
}

// lastWords is the last line of what a program said, where programs say why
// they gave up.
func lastWords(said string) string {
	said = strings.TrimSpace(said)
	return strings.TrimSpace(said[strings.LastIndexByte(said, '\n')+1:])
}

// visited returns an error unless somebody has worked on the clone: what did
// not come here may have gone to the database in use.
func (s *show) visited(ctx context.Context, before int64) error {
	came, err := s.clone.visitedSince(ctx, before)
	if err != nil || came {
		return err
	}
	return errors.New("it never connected to the clone: see by which variable it is told its database, and whether it has worked on the one in use")
}

// record adds what a step did to the report.
func (s *show) record(ctx context.Context, ran Ran, before, after state, samples []*sample, ends map[transaction]time.Time) error {
	var list []event
	if s.triggers {
		conn, err := s.clone.source.Connect(ctx)
		if err != nil {
			return err
		}
		defer closeConn(conn)
		var undone int64
		if list, s.last, undone, err = events(ctx, conn, s.last); err != nil {
			return err
		}
		if undone > 0 {
			s.report.Recorder.Blind = append(s.report.Recorder.Blind, fmt.Sprintf("%d events of %s that were taken back with their transaction", undone, ran.Name))
		}
	}
	r := assemble(lockable(before.shape), list, samples, ends)
	extra := s.sizes.expect(before.shape, r.statements)
	ran.Expected = ran.Took + int64(math.Ceil(extra))
	ran.Statements = []Statement{}
	for _, p := range r.statements {
		ran.Statements = append(ran.Statements, p.Statement)
	}
	s.report.Steps = append(s.report.Steps, ran)
	did := effects(before, after, r, s.sizes)
	s.report.Tables = join(s.report.Tables, did)
	s.losses(before, after, did)
	return nil
}

// losses is about rows that are gone.
func (s *show) losses(before, after state, did []Table) {
	for _, t := range did {
		b, _ := before.shape.Named(t.Name)
		a, there := after.shape.Table(b.OID)
		switch {
		case there && t.Rewritten && b.Heap > 0 && a.Heap == 0:
			s.say(Destructive, "table-emptied", "table "+t.Name+" is empty", "what was in it cannot be brought back but from a backup", fmt.Sprintf("it had about %d rows", b.Rows))
		case there && t.Deleted > 0:
			s.say(NeedsCare, "rows-deleted", fmt.Sprintf("%d rows of %s were deleted", t.Deleted, t.Name), "they cannot be brought back but from a backup")
		}
	}
}

func (s *show) say(v Verdict, id, what, why string, evidence ...string) {
	s.report.Reasons = append(s.report.Reasons, Reason{ID: id, Verdict: v, What: what, Why: why, Evidence: evidence})
}

// prove holds the old code against what the change has made, and lets new code
// try it, if it ran.
func (s *show) prove(ctx context.Context, step Step, after state, ran bool) error {
	s.report.Reasons = append(s.report.Reasons, compare(s.first.shape, after.shape, s.old)...)
	s.Plan.report("trying the old code after " + step.Name)
	trials, err := try(ctx, s.clone.source, s.old)
	if err != nil {
		return err
	}
	from := s.report.Statements.From
	var reasons []Reason
	s.report.Statements, reasons = weigh(s.old, s.trials, trials)
	s.report.Statements.From = from
	s.report.Reasons = append(s.report.Reasons, reasons...)
	if !ran {
		return nil
	}
	if err := s.smoke(ctx, Old, step.Name); err != nil {
		return err
	}
	return s.smoke(ctx, New, step.Name)
}

// alone is for what runs when old code has gone: what it takes away is told,
// and does not count.
func (s *show) alone(ctx context.Context, step Step, before, after state, ran bool) error {
	for _, r := range compare(before.shape, after.shape, nil) {
		r.Later = true
		s.report.Reasons = append(s.report.Reasons, r)
	}
	if !ran {
		return nil
	}
	return s.smoke(ctx, New, step.Name)
}

// back is for what takes the change back: old code must find everything as it
// was.
func (s *show) back(ctx context.Context, step Step, after state, ran bool) error {
	var differs []string
	for _, r := range compare(s.first.shape, after.shape, s.old) {
		differs = append(differs, r.What)
	}
	if len(differs) > 0 {
		s.say(NeedsCare, "not-taken-back", step.Name+" does not bring everything back", "after a rollback old code does not find what it had; a backup does bring it back", differs...)
	}
	if !ran {
		return nil
	}
	return s.smoke(ctx, Old, step.Name)
}

// smokeBefore tells which of the old code's checks pass on an unchanged clone:
// the others prove nothing.
func (s *show) smokeBefore(ctx context.Context) error {
	s.fine = map[string]bool{}
	if s.Smoke == nil {
		s.report.Recorder.Blind = append(s.report.Recorder.Blind, "old and new code at work: no smoke checks were run")
		return nil
	}
	s.Plan.report("checking the old code before the change")
	results, err := s.Smoke.Check(ctx, Old, s.clone.source)
	if err != nil {
		return fmt.Errorf("check the old code before the change: %w", err)
	}
	for _, r := range results {
		s.fine[r.Name] = r.Passed
		s.report.Checks = append(s.report.Checks, Check{Code: Old, Result: r})
	}
	return nil
}

// smoke runs the checks of a version after a step.
func (s *show) smoke(ctx context.Context, code Code, step string) error {
	if s.Smoke == nil {
		return nil
	}
	s.Plan.report(fmt.Sprintf("checking the %s code after %s", code, step))
	visits, err := s.clone.visits(ctx)
	if err != nil {
		return err
	}
	results, err := s.Smoke.Check(ctx, code, s.clone.source)
	if err != nil {
		return fmt.Errorf("check the %s code after %s: %w", code, step, err)
	}
	for _, r := range results {
		s.report.Checks = append(s.report.Checks, Check{Code: code, After: step, Result: r})
		switch {
		case r.Passed:
		case code == New:
			s.say(Failed, "new-check-failed", fmt.Sprintf("check %q of the new code fails after %s", r.Name, step), "the new version does not work on what the change makes", r.Evidence)
		case s.fine[r.Name]:
			s.say(Destructive, "old-check-failed", fmt.Sprintf("check %q of the old code fails after %s", r.Name, step), "the old code does not work on the new schema", r.Evidence)
		}
	}
	return s.smoked(ctx, code, visits, len(results))
}

// smoked makes a reason of checks whose instances did not use the clone.
func (s *show) smoked(ctx context.Context, code Code, before int64, checks int) error {
	came, err := s.clone.visitedSince(ctx, before)
	if err != nil || came || checks == 0 {
		return err
	}
	s.say(NeedsCare, "checks-elsewhere", fmt.Sprintf("the checks of the %s code never reached the clone", code), "they prove nothing: see how the instances are told their database")
	return nil
}

// harm is about users who would have to wait, as far as can be told from times
// and sizes.
func (s *show) harm() {
	for _, t := range s.report.Tables {
		if t.Blocks != "" && t.Expected >= s.notice().Milliseconds() {
			s.say(NeedsCare, "long-lock", fmt.Sprintf("%s of %s wait for about %s", t.Blocks, t.Name, span(t.Expected)), "users notice; split the change, build indexes concurrently, validate constraints apart, or do it when few are there",
				fmt.Sprintf("%s held for %s on the clone", t.Lock, span(t.Held)))
		}
		if !t.Rewritten {
			continue
		}
		verdict := NeedsCare
		if t.Rows >= 0 && t.Rows <= lint.SmallTable && max(t.Bytes, t.Production) < smallBytes {
			verdict = Compatible
		}
		s.say(verdict, "table-rewritten", fmt.Sprintf("table %s is written anew", t.Name), "nobody can read or write it meanwhile, and it takes its size once more on disk; add a column beside it and fill it in batches instead",
			fmt.Sprintf("%s, about %d rows", size(t.RewrittenBytes), max(t.Rows, 0)))
	}
	slices.SortStableFunc(s.report.Tables, func(a, b Table) int { return rank(b.Lock) - rank(a.Lock) })
}

// smallBytes is the size up to which a rewrite takes no time a user notices.
const smallBytes = 64 << 20
