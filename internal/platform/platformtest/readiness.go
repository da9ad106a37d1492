package platformtest

import (
	"context"
	"strings"
	"time"

	"cutover/internal/release"
	"cutover/internal/testkit"
)

func anInstanceIsReadyOnlyWhenItSaysSo(s *stage) {
	s.start(s.order(release.Blue, "1.0", 1, "-unready"))
	var in release.Instance
	testkit.Await(s, "an answer that says not ready", func() bool {
		in = s.only()
		return strings.Contains(in.Detail, "503")
	})
	if !in.Alive || in.Ready || in.Serves() || !in.ReadySince.IsZero() {
		s.Fatalf("it says that it is not ready, and is observed as %+v", in)
	}
	asked := time.Now()
	Tell(s, in.Addr, "/ready")
	if in = s.ready(1)[0]; in.ReadySince.Before(asked) || in.Detail != "" {
		s.Fatalf("it became ready after %s, and is observed as %+v", asked, in)
	}
}

func anOpenPortIsEnoughWithoutAPath(s *stage) {
	order := s.order(release.Blue, "1.0", 1, "-unready")
	order.Artefact.Health.Path = ""
	s.start(s.seal(order))
	s.ready(1)
}

func readinessIsLostAfterFailuresInARow(s *stage) {
	in := s.runs(release.Blue, "1.0", 1)[0]
	first := in.ReadySince
	Tell(s, in.Addr, "/unready")
	kept := 0
	testkit.Await(s, "the loss of readiness", func() bool {
		in = s.only()
		if in.Ready && in.Detail != "" {
			kept++
		}
		return !in.Ready
	})
	if !in.Alive || !strings.Contains(in.Detail, "503") {
		s.Errorf("after the loss it is observed as %+v", in)
	}
	if kept == 0 {
		s.Error("it was lost by the first failed probe; three in a row should do it")
	}
	Tell(s, in.Addr, "/ready")
	if in = s.ready(1)[0]; !in.ReadySince.After(first) {
		s.Errorf("ready again since %s, which is not after %s", in.ReadySince, first)
	}
}

func anInstanceThatDoesNotAnswerHidesNoOther(s *stage) {
	order := s.order(release.Blue, "1.0", 2)
	order.Artefact.Health.Timeout = time.Hour
	order.Artefact.Stop.Grace = 0
	s.start(s.seal(order))
	list := s.ready(2)
	Tell(s, list[0].Addr, "/hang")
	// The limit of the probe must not be that of the look.
	ctx, cancel := context.WithTimeout(s.Context(), 5*time.Minute)
	defer cancel()
	for range 3 {
		seen, err := s.platform.Observe(ctx, s.App)
		if err != nil || len(seen) != 2 || !seen[1].Serves() {
			s.Fatalf("while one does not answer the other is observed as %+v, %v", seen, err)
		}
	}
}

func aProgramThatEndsAtOnceIsSeen(s *stage) {
	s.start(s.order(release.Blue, "1.0", 1, "-say", "unknown option --frobnicate", "-exit", "3"))
	var in release.Instance
	testkit.Await(s, "the end of the program", func() bool {
		in = s.only()
		return !in.Alive
	})
	if in.Ready || !strings.Contains(in.Detail, "exit status 3") || !strings.Contains(in.Detail, "unknown option --frobnicate") {
		s.Fatalf("it ended with status 3 and a complaint, and is observed as %+v", in)
	}
}

func anInstanceThatEndedIsStartedAgain(s *stage) {
	order := s.order(release.Blue, "1.0", 2)
	s.start(order)
	before := s.ready(2)
	Tell(s, before[0].Addr, "/exit?code=4")
	testkit.Await(s, "the end of one instance", func() bool {
		in := s.observe()[0]
		// Some platforms start it again by themselves, and faster than one can look.
		return !in.Alive || in.Restarts > 0
	})
	s.start(order)
	after := s.ready(2)
	if len(after) != 2 || after[1] != before[1] {
		s.Fatalf("%+v became %+v", before, after)
	}
	again := after[0]
	if again.ID != before[0].ID || again.Restarts != 1 || !again.Since.After(before[0].Since) || !again.ReadySince.After(again.Since) {
		s.Fatalf("%+v was started again as %+v", before[0], again)
	}
	s.platform = s.Open()
	if got := s.ready(2)[0]; got.Restarts != 1 {
		s.Fatalf("the next controller counts %d restarts, want 1", got.Restarts)
	}
}

func theNextControllerAdoptsWhatRuns(s *stage) {
	order := s.order(release.Blue, "1.0", 2)
	s.start(order)
	before := s.ready(2)
	pid := WhoAmI(s, before[0].Addr).Pid
	s.platform = s.Open()
	s.start(order)
	after := s.ready(2)
	for i := range before {
		b, a := before[i], after[i]
		if a.ID != b.ID || a.Addr != b.Addr || a.Restarts != 0 || !a.Since.Equal(b.Since) || !a.ReadySince.Equal(b.ReadySince) {
			s.Errorf("the next controller sees %+v where the first saw %+v", a, b)
		}
	}
	if got := WhoAmI(s, after[0].Addr).Pid; got != pid {
		s.Errorf("process %d was replaced by %d", pid, got)
	}
}
