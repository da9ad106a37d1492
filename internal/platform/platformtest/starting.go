package platformtest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cutover/internal/release"
)

func startBringsASideToItsNumber(s *stage) {
	list := s.runs(release.Blue, "1.0", 3)
	if len(list) != 3 {
		s.Fatalf("there are %d instances, want 3: %+v", len(list), list)
	}
	seen := map[string]bool{}
	for _, in := range list {
		if in.Side != release.Blue || in.Version != "1.0" || in.Digest == "" || in.Restarts != 0 || in.Stopping {
			s.Errorf("%+v is not what was ordered", in)
		}
		if in.Since.IsZero() || in.ReadySince.Before(in.Since) {
			s.Errorf("%s runs since %s and is ready since %s", in.ID, in.Since, in.ReadySince)
		}
		if self := WhoAmI(s, in.Addr); seen[in.Addr] || seen[in.ID] || self.Get("CUTOVER_INSTANCE") != in.ID {
			s.Errorf("%s at %s is not an instance of its own: %q answers", in.ID, in.Addr, self.Get("CUTOVER_INSTANCE"))
		}
		seen[in.Addr], seen[in.ID] = true, true
	}
}

func repeatingAStartChangesNothing(s *stage) {
	order := s.order(release.Blue, "1.0", 2)
	s.start(order)
	before := s.ready(2)
	for range 3 {
		s.start(order)
	}
	after := s.ready(2)
	if !slices.Equal(before, after) {
		s.Fatalf("repeating an order turned\n%+v into\n%+v", before, after)
	}
}

func aLargerNumberAddsToWhatRuns(s *stage) {
	before := s.runs(release.Blue, "1.0", 1)
	after := s.runs(release.Blue, "1.0", 3)
	if len(after) != 3 || after[0] != before[0] {
		s.Fatalf("one instance %+v became %+v", before, after)
	}
}

func startNeverStopsAnything(s *stage) {
	before := s.runs(release.Blue, "1.0", 2)
	if after := s.runsAtMost(release.Blue, "1.0", 1); !slices.Equal(before, after) {
		s.Fatalf("an order for less turned\n%+v into\n%+v", before, after)
	}
}

// runsAtMost orders count instances and observes at once.
func (s *stage) runsAtMost(side release.Side, version string, count int) []release.Instance {
	s.Helper()
	s.start(s.order(side, version, count))
	return s.observe()
}

func anInstanceKnowsWhoItIs(s *stage) {
	secret := filepath.Join(s.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hunter2\n"), 0o600); err != nil {
		s.Fatal(err)
	}
	order := s.order(release.Green, "2.0", 1, "-mark", "{{app}}/{{side}}/{{version}}/{{port}}")
	order.Artefact.Env = append(order.Artefact.Env,
		release.EnvVar{Name: "GREETING", Value: "version {{version}} on {{side}}"},
		release.EnvVar{Name: "PASSWORD", Ref: "file:" + secret})
	s.start(s.seal(order))
	in := s.ready(1)[0]
	self := WhoAmI(s, in.Addr)
	port := self.Get("PORT")
	for name, want := range map[string]string{
		"CUTOVER_APP": s.App, "CUTOVER_VERSION": "2.0", "CUTOVER_SIDE": "green", "CUTOVER_INSTANCE": in.ID,
		"GREETING": "version 2.0 on green", "PASSWORD": "hunter2",
	} {
		if got := self.Get(name); got != want {
			s.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if want := s.App + "/green/2.0/" + port; port == "" || !slices.Contains(self.Args, want) {
		s.Errorf("the arguments %q lack %q", self.Args, want)
	}
}

func bothSidesLiveTogether(s *stage) {
	s.start(s.order(release.Blue, "1.0", 2))
	s.start(s.order(release.Green, "2.0", 1))
	sides := map[release.Side]int{}
	for _, in := range s.ready(3) {
		sides[in.Side]++
		if self := WhoAmI(s, in.Addr); self.Get("CUTOVER_VERSION") != in.Version {
			s.Errorf("%s runs version %s, observed as %s", in.ID, self.Get("CUTOVER_VERSION"), in.Version)
		}
	}
	if sides[release.Blue] != 2 || sides[release.Green] != 1 {
		s.Fatalf("instances a side: %v, want 2 blue and 1 green", sides)
	}
}

func aSideNeverMixesTwoVersions(s *stage) {
	before := s.runs(release.Blue, "1.0", 1)
	for _, order := range []release.StartOrder{
		s.order(release.Blue, "2.0", 1),
		s.order(release.Blue, "1.0", 2, "-say", "another configuration"),
	} {
		err := s.platform.Start(s.Context(), order)
		if err == nil || !strings.Contains(err.Error(), before[0].ID) {
			s.Errorf("start beside another version: %v; want an error that names %s", err, before[0].ID)
		}
	}
	if after := s.observe(); !slices.Equal(before, after) {
		s.Fatalf("a refused order turned\n%+v into\n%+v", before, after)
	}
}

func whatCannotRunIsRefused(s *stage) {
	order := s.order(release.Blue, "1.0", 2)
	order.Artefact.Env = append(order.Artefact.Env, release.EnvVar{Name: "PASSWORD", Ref: "file:/nowhere/at/all"})
	err := s.platform.Start(s.Context(), s.seal(order))
	if err == nil || !strings.Contains(err.Error(), "PASSWORD") || !strings.Contains(err.Error(), "/nowhere/at/all") {
		s.Errorf("start without a secret: %v; want an error that names PASSWORD and its reference", err)
	}
	if list := s.observe(); len(list) > 0 {
		s.Errorf("something was started: %+v", list)
	}
}

func noIDIsEverUsedTwice(s *stage) {
	seen := map[string]bool{}
	for _, side := range []release.Side{release.Blue, release.Green, release.Blue} {
		s.start(s.order(side, "1.0", 2))
		list := s.observe()
		if len(list) != 2 {
			s.Fatalf("there are %+v, want two instances", list)
		}
		for _, in := range list {
			if seen[in.ID] {
				s.Errorf("%s was used twice", in.ID)
			}
			seen[in.ID] = true
		}
		s.stop(ids(list)...)
		s.platform = s.Open()
	}
}
