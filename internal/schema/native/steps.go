package native

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// StepTook is how long the way to one revision took.
type StepTook struct {
	Revision string
	Took     time.Duration
}

// revisionHere stands in the arguments of a command for the revision that the
// database is to be taken to.
const revisionHere = "{{revision}}"

// at returns the command that leads to one revision.
func (c Command) at(revision string) Command {
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		args[i] = strings.ReplaceAll(a, revisionHere, revision)
	}
	c.Args = args
	return c
}

// stepwise reports whether the command is told a revision to go to.
func (c Command) stepwise() bool {
	return slices.ContainsFunc(c.Args, func(a string) bool { return strings.Contains(a, revisionHere) })
}

// way lists the revisions from From to To, both among them.
func (m Migration) way() []string { return append([]string{m.From}, m.Revisions...) }

// Leg is one command of the way, and the revision it leads to.
type Leg struct {
	Revision string
	Command  Command
}

// Legs returns the commands of an upgrade and of a downgrade in the order in
// which they run. There are none down if nothing is given that undoes the
// upgrade.
func (m Migration) Legs() (up, down []Leg) {
	up = m.Upgrade.legs(m.way(), m.To)
	if m.Downgrade.Given() {
		back := m.way()
		slices.Reverse(back)
		down = m.Downgrade.legs(back, m.From)
	}
	return up, down
}

func (c Command) legs(way []string, to string) []Leg {
	if !c.stepwise() {
		return []Leg{{to, c}}
	}
	var list []Leg
	for _, revision := range way[1:] {
		list = append(list, Leg{revision, c.at(revision)})
	}
	return list
}

// stands finds where on the way a revision that was seen is, -1 if nowhere.
func stands(way []string, seen string) int {
	return slices.IndexFunc(way, func(revision string) bool { return same(seen, revision) })
}

// walk takes the database along the way to its end, a revision at a time. It
// stops at the first that fails; those before stay done.
func (m Migration) walk(ctx context.Context, c Command, r Report, to string, b Budget) (Report, error) {
	way := m.way()
	if to == m.From {
		slices.Reverse(way)
	}
	at := stands(way, r.Before)
	if at < 0 {
		return r, fmt.Errorf("%w: it is at %q, which is not on the way from %q to %q: nothing was run", ErrHead, r.Before, m.From, m.To)
	}
	rest := way[at+1:]
	if !c.stepwise() {
		rest = []string{to}
	}
	for _, next := range rest {
		step := Report{Before: r.After}
		var err error
		step.Result, err = Run(ctx, c.at(next), b)
		step, err = m.judge(ctx, step, err, next, b)
		r.After, r.Result = step.After, step.Result
		if err != nil {
			return r, fmt.Errorf("on the way to revision %s: %w", next, err)
		}
		r.Took = append(r.Took, StepTook{next, step.Result.Took})
	}
	return r, nil
}
