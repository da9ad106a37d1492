package release_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cutover/internal/release"
	"cutover/internal/release/simulation"
)

// troubled plays histories of every shape in which something goes wrong now and
// then, and calls look at every state and world on the way.
func troubled(t *testing.T, look func(h *simulation.History)) {
	t.Helper()
	faults := []simulation.Faults{0, simulation.NewFails, simulation.ChecksFail, simulation.NoTraffic, simulation.NewNeverReady,
		simulation.PlatformUnseen | simulation.FrontUnseen | simulation.SchemaUnseen, simulation.ActionsFail | simulation.SlowRequests,
		simulation.OperatorPauses | simulation.OperatorRetires, simulation.OperatorAborts | simulation.FrontRestarts}
	for k, sh := range shapes() {
		sh.PauseOnFailure = k%3 == 0
		h := simulation.NewHistory(simulation.New(sh.Plan(), faults[k%len(faults)], uint64(k)), release.Decide)
		for n := range 60 {
			look(h)
			if h.State.Phase.Ended() {
				break
			}
			h.Tick(h.Stride(n))
		}
		if err := h.Finish(); err != nil {
			t.Fatal(err)
		}
		look(h)
		if len(h.Violations) > 0 {
			t.Fatalf("%+v: %v", sh, h.Violations)
		}
	}
}

func TestEveryPhaseSaysWhyItStandsThereWhatItWaitsForAndWhatHelps(t *testing.T) {
	t.Parallel()
	seen := map[release.Phase]int{}
	troubled(t, func(h *simulation.History) {
		s := h.State
		x := release.Explain(s, h.World.Observe(s))
		seen[s.Phase]++
		if x.Word == "" || x.Because == "" {
			t.Errorf("%s: the word is %q, because %q", s.Phase, x.Word, x.Because)
		}
		if s.Phase.Ended() {
			return
		}
		if len(x.Waits) == 0 {
			t.Errorf("%s waits for nothing", x.Word)
		}
		for _, w := range x.Waits {
			if w == "" || strings.Contains(w, "%!") || strings.HasSuffix(w, ": ") {
				t.Errorf("%s waits for %q", x.Word, w)
			}
		}
		if s.Phase.Reversible() && !slices.ContainsFunc(x.Verbs, func(v release.Help) bool { return v.Verb == release.VerbAbort || v.Verb == release.VerbRollback }) {
			t.Errorf("%s offers no way back: %v", x.Word, x.Verbs)
		}
		if s.Phase.Reversible() != x.Back.Possible {
			t.Errorf("%s: the way back is %s", x.Word, x.Back)
		}
		if s.Halt != nil && !strings.Contains(x.Waits[0], s.Halt.Cure) {
			t.Errorf("%s does not say first what helps: %q", x.Word, x.Waits)
		}
	})
	for _, ph := range release.Phases() {
		if seen[ph] == 0 {
			t.Errorf("no history was looked at in %s", ph)
		}
	}
}

func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	looks := 0
	troubled(t, func(h *simulation.History) {
		if looks++; looks%7 != 0 {
			return
		}
		w := h.World.Observe(h.State)
		before := written(t, h.State, w)
		release.Explain(h.State, w)
		first, second := release.Decide(h.State, w), release.Decide(h.State, w)
		if !reflect.DeepEqual(first, second) {
			t.Errorf("%s: asked twice it decides\n%+v and\n%+v", h.State.Word(), first, second)
		}
		for _, ev := range first.Events {
			if _, err := release.Fold(h.State, release.Entry{Seq: 1 << 40, At: w.Now, Actor: "engine", Event: ev}); err != nil {
				t.Error(err)
			}
		}
		if after := written(t, h.State, w); after != before {
			t.Errorf("%s: it was changed from\n%s to\n%s", h.State.Word(), before, after)
		}
	})
}

func written(t *testing.T, of ...any) string {
	t.Helper()
	data, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFoldedAnewAHistoryLeadsToTheSameState(t *testing.T) {
	t.Parallel()
	troubled(t, func(h *simulation.History) {
		if !h.State.Phase.Ended() {
			return
		}
		var s release.State
		for _, e := range h.Entries {
			var err error
			if s, err = release.Fold(s, e); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(s, h.State) {
			t.Errorf("it leads to\n%+v, want\n%+v", s, h.State)
		}
	})
}
