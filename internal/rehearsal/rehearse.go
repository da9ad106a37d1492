package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/backup"
	"cutover/internal/backup/scratch"
)

// Plan says what is rehearsed on what.
type Plan struct {
	Origin Origin
	// Steps are run in order, those with Alone or Back last.
	Steps []Step
	// Old is what the old code is known to run. Without any, it is read from
	// the pg_stat_statements of the database in use, if it has that.
	Old []Usage
	// Smoke, if set, checks old and new code against the clone.
	Smoke Smoke
	// Notice is how long a lock may keep users waiting without being worth a
	// word; 0 is one second.
	Notice time.Duration
	// Timeout bounds all of it; 0 is two hours.
	Timeout time.Duration
	// Report, if set, hears what is being done. It must not block.
	Report func(what string)
}

// errTimeout is the cause of a context that ended because of Plan.Timeout.
var errTimeout = errors.New("the time for the rehearsal is over: give it more if the database has grown")

func (p Plan) notice() time.Duration {
	if p.Notice > 0 {
		return p.Notice
	}
	return time.Second
}

func (p Plan) report(what string) {
	if p.Report != nil {
		p.Report(what)
	}
}

// Run rehearses the plan. The clone is gone when it returns, and so is what
// earlier rehearsals and verifications of backups have left that were killed.
// A change that does not run is a report with the verdict Failed, not an
// error: an error says that it could not be rehearsed at all, or that the
// clone could not be dropped, in which case the report is whole.
func Run(ctx context.Context, p Plan) (_ Report, err error) {
	timeout := p.Timeout
	if timeout <= 0 {
		timeout = 2 * time.Hour
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer cancel()
	if len(p.Steps) == 0 {
		return Report{}, errors.New("rehearse the change: there is nothing to run")
	}
	began := time.Now()
	s := &show{Plan: p, report: Report{Format: 1, Began: began.UTC().Truncate(time.Millisecond),
		Reasons: []Reason{}, Steps: []Ran{}, Tables: []Table{}, Checks: []Check{}, Statements: Proof{From: []string{}}}}
	err = s.run(ctx)
	if s.clone != nil {
		p.report("dropping the clone")
		err = errors.Join(err, s.clone.db.Drop())
	}
	s.report.judge()
	s.report.Took = time.Since(began).Milliseconds()
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	if err != nil {
		return s.report, fmt.Errorf("rehearse the change: %w", err)
	}
	return s.report, nil
}

// Sweep drops what rehearsals and verifications of backups that were killed
// have left on a server, and returns the names.
func Sweep(ctx context.Context, server backup.Source) ([]string, error) {
	connect, err := Origin{Production: server}.maintain()
	if err != nil {
		return nil, err
	}
	return scratch.Sweep(ctx, connect, Prefix, backup.ScratchPrefix)
}

// show is one rehearsal under way.
type show struct {
	Plan
	clone  *clone
	report Report
	// triggers says that event triggers record; last is the last event read.
	triggers bool
	last     int64
	sizes    sizes
	old      []OldStatement
	// first is the state before the first step, trials how the old code's
	// statements fared then.
	first  state
	trials []trial
	// fine are the old code's checks that passed before the change.
	fine map[string]bool
}

func (s *show) run(ctx context.Context) (err error) {
	if err := s.open(ctx); err != nil {
		return err
	}
	if err := s.before(ctx); err != nil {
		return err
	}
	current, proven := s.first, false
	for i, step := range s.Steps {
		s.Plan.report("running " + step.Name)
		next, ran, err := s.step(ctx, step, current)
		if err != nil {
			return err
		}
		switch {
		case step.Alone:
			err = s.alone(ctx, step, current, next, ran)
		case step.Back:
			err = s.back(ctx, step, next, ran)
		case !proven && (!ran || s.lastTogether(i)):
			proven = true
			err = s.prove(ctx, step, next, ran)
		}
		if err != nil {
			return err
		}
		if !ran {
			break
		}
		current = next
	}
	return s.finish(ctx)
}

// lastTogether reports whether the step is the last after which old and new
// code run side by side.
func (s *show) lastTogether(i int) bool {
	return i == len(s.Steps)-1 || s.Steps[i+1].Alone || s.Steps[i+1].Back
}

// open sweeps, clones and sets up the recorder.
func (s *show) open(ctx context.Context) (err error) {
	connect, err := s.Origin.maintain()
	if err != nil {
		return err
	}
	if s.report.Swept, err = scratch.Sweep(ctx, connect, Prefix, backup.ScratchPrefix); err != nil {
		return fmt.Errorf("remove what an earlier rehearsal left: %w", err)
	}
	s.Plan.report("cloning the database")
	if s.clone, err = s.Origin.make(ctx); err != nil {
		return err
	}
	s.report.Clone = s.clone.Clone
	conn, err := s.clone.source.Connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	if s.triggers, err = installRecorder(ctx, conn); err != nil {
		return err
	}
	s.report.Recorder = Recorder{By: "event triggers and samples", Blind: []string{
		"statements of transactions that were taken back, but for samples of them", "LOCK, TRUNCATE, VACUUM FULL and CLUSTER shorter than 50 ms that are alone in their transaction"}}
	if !s.triggers {
		s.report.Recorder = Recorder{By: "samples", Blind: []string{
			"statements and locks shorter than 50 ms", "which statement of a transaction took a lock, if a sample shows a later one", "what was dropped by which statement", "why a table was rewritten",
			"statements of other roles, unless this one has pg_read_all_stats"}}
	}
	return nil
}

// before looks at everything as it is before the change.
func (s *show) before(ctx context.Context) (err error) {
	if s.Origin.Production.URL != "" {
		if s.sizes.production, err = production(ctx, s.Origin.Production); err != nil {
			return fmt.Errorf("measure the database in use: %w", err)
		}
	} else {
		s.report.Recorder.Blind = append(s.report.Recorder.Blind, "the sizes and sessions of the database in use: its address is not given")
	}
	if err := s.collect(ctx); err != nil {
		return err
	}
	s.Plan.report("trying the old code before the change")
	if s.trials, err = try(ctx, s.clone.source, s.old); err != nil {
		return err
	}
	if err := s.smokeBefore(ctx); err != nil {
		return err
	}
	s.first, err = s.look(ctx)
	return err
}

// collect gathers the old code's statements.
func (s *show) collect(ctx context.Context) error {
	list := s.Old
	if len(list) == 0 && s.Origin.Production.URL != "" {
		u, err := Observed(ctx, s.Origin.Production)
		switch {
		case err == nil:
			list = []Usage{u}
		case errors.Is(err, ErrNoStatements):
			s.report.Recorder.Blind = append(s.report.Recorder.Blind, "the statements the old code runs: "+err.Error())
		default:
			return err
		}
	}
	for _, u := range list {
		s.report.Statements.From = append(s.report.Statements.From, u.From)
		if u.Missing != "" {
			s.report.Recorder.Blind = append(s.report.Recorder.Blind, u.Missing)
		}
	}
	s.old = corpus(list)
	s.report.Statements.Given = len(s.old)
	return nil
}

// look reads the clone's state, when those who worked on it have gone.
func (s *show) look(ctx context.Context) (state, error) {
	if _, err := s.clone.settle(ctx, settling); err != nil {
		return state{}, err
	}
	conn, err := s.clone.source.Connect(ctx)
	if err != nil {
		return state{}, err
	}
	defer closeConn(conn)
	return stateOf(ctx, conn)
}

// finish looks at the database in use.
func (s *show) finish(ctx context.Context) error {
	s.harm()
	if s.Origin.Production.URL == "" {
		return nil
	}
	found, err := obstacles(ctx, s.Origin.Production, s.report.Tables)
	s.report.Reasons = append(s.report.Reasons, found...)
	return err
}
