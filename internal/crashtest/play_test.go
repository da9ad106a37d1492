package crashtest

import (
	"context"
	"errors"
)

// play writes the story's file and lets the given hand see it through.
func (s *stage) play(what story, hand func(ctx context.Context)) {
	s.t.Helper()
	s.write(what.version, fill(releaseFile, map[string]any{"Version": what.version, "Fails": what.fails}))
	ctx, cancel := context.WithTimeoutCause(s.t.Context(), patience, errors.New("the test's patience is over"))
	defer cancel()
	hand(ctx)
}

// calmly has one controller that nobody kills.
func (s *stage) calmly(j *journey) func(context.Context) {
	return func(ctx context.Context) {
		s.t.Helper()
		c := s.start("serve", "--state", s.path())
		if !j.follow(ctx, c) {
			s.t.Fatalf("the controller ended by itself: %v", c.cmd.ProcessState)
		}
		c.bowOut()
	}
}

// everywhere kills the controller right before and right after each record
// from the given one on, until nothing more is recorded, and notes where.
func (s *stage) everywhere(j *journey, from int64, kills *[]place) func(context.Context) {
	return func(ctx context.Context) {
		s.t.Helper()
		for at := (place{Seq: from}); ; at = at.next() {
			c := s.start(doomedCommand, s.path(), at.String())
			if j.follow(ctx, c) {
				c.bowOut()
				return
			}
			if !c.killed() {
				s.t.Fatalf("the controller that was to die at %s ended with %v", at, c.cmd.ProcessState)
			}
			*kills = append(*kills, at)
		}
	}
}
