package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/api"
	"cutover/internal/release"
)

// lastSeq returns the last journal record of a release, to follow from there.
func lastSeq(ctx context.Context, c *api.Client, name string) (int64, error) {
	v, err := c.View(ctx, name)
	if err != nil {
		return 0, reached(err)
	}
	return v.State.Seq, nil
}

// follow shows a release until it ends, stands by or needs somebody, and
// returns the exit code's error: asked is the verb that is followed, for which
// a release taken back is a success. Interrupting it only detaches.
func (s *session) follow(ctx context.Context, c *api.Client, name string, after int64, asked release.Verb) error {
	var err error
	if onTerminal(s.out) && !s.json {
		err = s.watch(ctx, c, name, true)
	} else {
		err = s.lines(ctx, c, name, after)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return s.leave(name)
	}
	if err != nil {
		return reached(err)
	}
	return s.conclude(ctx, c, name, asked)
}

// settled reports whether following a release has come to an end. One that is
// about to be taken back has not, wherever it stands.
func settled(st release.State) bool {
	if st.Revert != "" && st.Phase.Reversible() {
		return false
	}
	return st.Phase.Ended() || st.Phase == release.Standby && st.Held && !st.Retire || st.Halt != nil || st.Phase == release.Waiting
}

// lines prints a line per event.
func (s *session) lines(ctx context.Context, c *api.Client, name string, after int64) error {
	for {
		list, err := c.Lines(ctx, after, "", name, 2*time.Second)
		if err != nil {
			return err
		}
		for _, l := range list {
			after = l.Seq
			if !s.json {
				s.printLine(l)
			}
		}
		// A release that stands still may go on writing what it tries, so the
		// end of the lines is no sign.
		v, err := c.View(ctx, name)
		if err != nil {
			return err
		}
		if settled(v.State) && v.State.Seq <= after {
			return nil
		}
	}
}

// printLine leaves out what is on record for the next controller only.
func (s *session) printLine(l api.Line) {
	if l.Type == (release.Weighed{}).Name() {
		return
	}
	who := ""
	if l.Actor != "engine" {
		who = " (" + l.Actor + ")"
	}
	fmt.Fprintf(s.out, "%s %5d  %s%s\n", s.paint(s.out, dim, l.At.UTC().Format("15:04:05.000")), l.Seq, s.paintEvent(l), who)
}

func (s *session) paintEvent(l api.Line) string {
	switch l.Type {
	case "entered", "ended":
		return s.paint(s.out, bold, l.Text)
	case "halted", "noticed":
		return s.paint(s.out, yellow, l.Text)
	case "intended", "finished", "reached":
		return s.paint(s.out, dim, l.Text)
	}
	return l.Text
}

// conclude prints how a release stands and returns its exit code.
func (s *session) conclude(ctx context.Context, c *api.Client, name string, asked release.Verb) error {
	v, err := c.View(ctx, name)
	if err != nil {
		return reached(err)
	}
	code := codeFor(v.State)
	if v.State.Phase == release.RolledBack && (asked == release.VerbAbort || asked == release.VerbRollback) {
		code = ExitDone
	}
	if s.json {
		s.print(v)
		return silent(code)
	}
	fmt.Fprintln(s.out)
	s.summary(v)
	return silent(code)
}
