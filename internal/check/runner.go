// Package check puts questions to instances before they get traffic: HTTP
// requests with expected answers, programs with expected exit codes, and loads
// with figures to reach.
package check

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cutover/internal/release"
)

const (
	// atOnce is how many instances are asked the same question in parallel.
	atOnce = 8
	// defaultTimeout limits a try whose check does not say.
	defaultTimeout = 10 * time.Second
)

// Runner runs checks. The zero value is ready for use, by several goroutines
// at once. It keeps nothing between runs, and since a question changes nothing
// that belongs to cutover it asks no order for its fence.
type Runner struct{}

// Run puts every check to every instance, check after check, and returns one
// result a check in their order. A check passes if every instance passes; the
// evidence names the instances, failed ones first, has at most 2 KiB and none
// of the secrets the check refers to. A load is put on all instances together,
// and not at all once a check has failed, which is the result then. An error
// means that nothing can be said: there is no instance, a check is invalid, a
// secret cannot be found, a program cannot be started, this machine cannot send
// a load, or ctx has ended.
func (Runner) Run(ctx context.Context, order release.CheckOrder) ([]release.CheckResult, error) {
	if len(order.Checks) > 0 && len(order.Instances) == 0 {
		return nil, fmt.Errorf("check %s: there is no instance to ask", order.App)
	}
	trials := make([]trial, len(order.Checks))
	for i, c := range order.Checks {
		one, err := prepare(c, order.App)
		if err != nil {
			return nil, fmt.Errorf("check %s with %q: %w", order.App, c.Name, err)
		}
		trials[i] = one
	}
	results := make([]release.CheckResult, 0, len(order.Checks))
	failed := ""
	for i, c := range order.Checks {
		if c.Load != nil && failed != "" {
			results = append(results, release.CheckResult{Name: c.Name, Evidence: fmt.Sprintf("left out, since %q failed", failed)})
			continue
		}
		result, err := trials[i](ctx, order)
		if err != nil {
			return nil, fmt.Errorf("check %s with %q: %w", order.App, c.Name, err)
		}
		if !result.Passed {
			failed = c.Name
		}
		results = append(results, result)
	}
	return results, nil
}

// trial carries out a check that was made ready.
type trial func(ctx context.Context, order release.CheckOrder) (release.CheckResult, error)

// question is a check made ready: everything it refers to has been found.
type question interface {
	// put asks one instance once. An error means that it could not be asked
	// at all. An instance that does not answer has failed.
	put(ctx context.Context, in release.Instance) (answer, error)
}

// answer is what one try has brought.
type answer struct {
	passed   bool
	evidence string
}

func prepare(c release.Check, app string) (trial, error) {
	if err := Validate(c); err != nil {
		return nil, err
	}
	if c.Load != nil {
		b, err := newBurden(*c.Load)
		return func(ctx context.Context, order release.CheckOrder) (release.CheckResult, error) {
			return b.run(ctx, c.Name, order)
		}, err
	}
	q, err := ready(c, app)
	return func(ctx context.Context, order release.CheckOrder) (release.CheckResult, error) {
		return askAll(ctx, c, q, order.Instances)
	}, err
}

func ready(c release.Check, app string) (question, error) {
	if c.HTTP != nil {
		return newRequest(*c.HTTP)
	}
	return newProgram(*c.Command, app)
}

// askAll puts one question to all instances and sums the answers up.
func askAll(ctx context.Context, c release.Check, q question, instances []release.Instance) (release.CheckResult, error) {
	began := time.Now()
	given := make([]verdict, len(instances))
	failed := make([]error, len(instances))
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, in := range instances {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			given[i], failed[i] = ask(ctx, c, q, in)
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		return release.CheckResult{}, ctx.Err()
	}
	if err := errors.Join(failed...); err != nil {
		return release.CheckResult{}, err
	}
	result := summarise(given)
	result.Name, result.Took = c.Name, time.Since(began)
	return result, nil
}

// ask repeats a question to one instance until it passes or the tries are
// used up.
func ask(ctx context.Context, c release.Check, q question, in release.Instance) (verdict, error) {
	v := verdict{instance: in.ID}
	for {
		v.attempts++
		a, err := try(ctx, c.Timeout, q, in)
		if err != nil {
			return v, err
		}
		v.answer = a
		if a.passed || v.attempts > c.Retries {
			return v, nil
		}
		if err := pause(ctx, c.Every); err != nil {
			return v, err
		}
	}
}

func try(ctx context.Context, limit time.Duration, q question, in release.Instance) (answer, error) {
	if limit <= 0 {
		limit = defaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, timeoutError(limit))
	defer cancel()
	return q.put(ctx, in)
}

// timeoutError is the cause of a try that took too long.
type timeoutError time.Duration

func (e timeoutError) Error() string { return fmt.Sprintf("no answer within %s", time.Duration(e)) }

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
