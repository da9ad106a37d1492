package native

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrHead says that the database is not where the migration expects it.
var ErrHead = errors.New("the database is at another revision")

// Migration takes a database from one revision to another and back. All its
// commands are of the new version's artefact: the old one does not know how
// to undo what it has never seen.
type Migration struct {
	Upgrade   Command
	Downgrade Command
	// Head prints the database's revision to its standard output: the same
	// text as From and To, but for space around it and Alembic's " (head)".
	Head Command
	// From is the revision before, To the one after. From may be empty: a
	// database without one.
	From, To string
	// Revisions, if given, are those after From in their order, To the last. A
	// database that was left at one of them goes on from there. A command
	// whose arguments name {{revision}} runs once for each, so that each has
	// its own transaction and its own locks; any other has to walk the whole
	// way by itself.
	Revisions []string
}

// Report is what a step of a migration did.
type Report struct {
	// Before and After are the revisions seen. After is empty if nobody could
	// look.
	Before, After string
	// Already says that the database was there and nothing was run.
	Already bool
	// Result is of the last command that ran.
	Result Result
	// Took is how long each revision took, if they were run one at a time.
	Took []StepTook
}

// Up brings the database from From to To. It may be repeated: if the database
// is at To, nothing is run. ErrHead says that it was at neither, and that
// nothing was run, or that the upgrade ended well and still left it elsewhere.
func (m Migration) Up(ctx context.Context, b Budget) (Report, error) {
	r, err := m.move(ctx, m.Upgrade, m.From, m.To, b)
	if err != nil {
		return r, fmt.Errorf("upgrade the schema: %w", err)
	}
	return r, nil
}

// Down takes the database from To back to From, on the same terms as Up.
func (m Migration) Down(ctx context.Context, b Budget) (Report, error) {
	r, err := m.move(ctx, m.Downgrade, m.To, m.From, b)
	if err != nil {
		return r, fmt.Errorf("downgrade the schema: %w", err)
	}
	return r, nil
}

func (m Migration) move(ctx context.Context, c Command, from, to string, b Budget) (r Report, err error) {
	if !c.Given() || !m.Head.Given() {
		return r, errors.New("the release names no command for it, or none that tells the revision")
	}
	if from == to {
		return r, fmt.Errorf("it leads from %q to the same", from)
	}
	if r.Before, err = m.head(ctx, b); err != nil {
		return r, err
	}
	if r.After = r.Before; same(r.Before, to) {
		r.Already = true
		return r, nil
	}
	if len(m.Revisions) > 0 {
		return m.walk(ctx, c, r, to, b)
	}
	if !same(r.Before, from) {
		return r, fmt.Errorf("%w: it is at %q, not at %q: nothing was run", ErrHead, r.Before, from)
	}
	r.Result, err = Run(ctx, c, b)
	return m.judge(ctx, r, err, to, b)
}

// judge looks where the database is after a command that ended with err.
func (m Migration) judge(ctx context.Context, r Report, err error, to string, b Budget) (Report, error) {
	// The look is wanted most when the command was cancelled.
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.Timeout)
	defer cancel()
	after, headErr := m.head(look, b)
	r.After = after
	switch {
	case headErr != nil:
		r.After = ""
		return r, errors.Join(err, headErr)
	case err != nil && r.After == r.Before:
		return r, fmt.Errorf("%w (the database still says it is at %q)", err, r.Before)
	case err != nil:
		return r, fmt.Errorf("%w (the database went from %q to %q: part of it is done)", err, r.Before, r.After)
	case !same(r.After, to):
		return r, fmt.Errorf("%w: the command ended well, yet it is at %q, not at %q: %s", ErrHead, r.After, to, r.Result.Output)
	}
	return r, nil
}

// head asks for the revision.
func (m Migration) head(ctx context.Context, b Budget) (string, error) {
	r, err := start(ctx, m.Head, b, true)
	if err != nil {
		return "", fmt.Errorf("ask for the revision: %w", err)
	}
	return strings.TrimSpace(r.stdout), nil
}

// same reports whether seen, as a command printed it, is the revision want.
func same(seen, want string) bool {
	want = strings.TrimSpace(want)
	return seen == want || want != "" && seen == want+" (head)"
}
