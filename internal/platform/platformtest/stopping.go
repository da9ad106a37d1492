package platformtest

import (
	"errors"
	"strings"
	"time"

	"cutover/internal/release"
)

func stopEndsExactlyTheInstancesNamed(s *stage) {
	list := s.runs(release.Blue, "1.0", 3)
	s.stop(list[1].ID)
	left := s.observe()
	if len(left) != 2 || left[0] != list[0] || left[1] != list[2] {
		s.Fatalf("of %+v there are left %+v", list, left)
	}
	if _, err := client.Get("http://" + list[1].Addr + "/health"); err == nil {
		s.Fatalf("%s still answers", list[1].ID)
	}
}

func stoppingTwiceIsNoError(s *stage) {
	list := s.runs(release.Blue, "1.0", 1)
	for range 2 {
		s.stop(list[0].ID, "green-4711", "nothing like an id", "../..")
	}
	if left := s.observe(); len(left) > 0 {
		s.Fatalf("there are left %+v", left)
	}
}

func ignoringTheSignalIsNoUse(s *stage) {
	order := s.order(release.Blue, "1.0", 1, "-ignore-term")
	order.Artefact.Stop.Grace = 300 * time.Millisecond
	s.start(s.seal(order))
	in := s.ready(1)[0]
	began := time.Now()
	s.stop(in.ID)
	if took := time.Since(began); took < order.Artefact.Stop.Grace {
		s.Errorf("it was killed after %s, before its grace of %s was over", took, order.Artefact.Stop.Grace)
	}
	if _, err := client.Get("http://" + in.Addr + "/health"); err == nil {
		s.Error("it still answers")
	}
}

func anOlderControllerIsRefused(s *stage) {
	list := s.runs(release.Blue, "1.0", 1)
	s.fence++
	s.runs(release.Blue, "1.0", 2)
	s.fence--
	s.platform = s.Open()
	if err := s.platform.Start(s.Context(), s.order(release.Blue, "1.0", 3)); !errors.Is(err, release.ErrFenced) {
		s.Errorf("start with an older fence: %v; want ErrFenced", err)
	}
	err := s.platform.Stop(s.Context(), release.StopOrder{Stamp: s.stamp(), Instances: ids(list)})
	if !errors.Is(err, release.ErrFenced) {
		s.Errorf("stop with an older fence: %v; want ErrFenced", err)
	}
	s.fence++
	s.ready(2)
}

func anUnknownAppHasNoInstances(s *stage) {
	list, err := s.platform.Observe(s.Context(), strings.Repeat("x", 20))
	if err != nil || len(list) > 0 {
		s.Fatalf("an app nobody started: %+v, %v; want nothing", list, err)
	}
}
