package release_test

import (
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"testing"

	"cutover/internal/release"
	"cutover/internal/release/simulation"

	"pgregory.net/rapid"
)

// TestMain plays ten thousand histories unless -rapid.checks says otherwise;
// fewer under the race detector, which is ten times slower and has nothing to
// find in code without goroutines.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		checks := "10000"
		if raceDetector {
			checks = "1000"
		}
		if err := flag.Set("rapid.checks", checks); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// drawHistory draws a plan, a subset of the faults and a seed.
func drawHistory(t *rapid.T, decide simulation.Decider) (*simulation.History, int) {
	sh := simulation.Shape{
		Strategy:       rapid.SampledFrom([]release.Strategy{release.Canary, release.BlueGreen, release.RollingUpdate, release.Restore, release.ShadowOnly}).Draw(t, "strategy"),
		Replicas:       rapid.IntRange(1, 5).Draw(t, "replicas"),
		First:          rapid.IntRange(0, 9).Draw(t, "first") == 9,
		Schema:         rapid.Bool().Draw(t, "schema"),
		Checks:         rapid.Bool().Draw(t, "checks"),
		Force:          rapid.Bool().Draw(t, "force"),
		Wait:           rapid.IntRange(0, 2).Draw(t, "wait") == 0,
		PauseOnFailure: rapid.Bool().Draw(t, "pauseOnFailure"),
		NoStandby:      rapid.IntRange(0, 9).Draw(t, "noStandby") == 9,
		Adaptive:       rapid.IntRange(0, 2).Draw(t, "adaptive") == 2,
		Holdback:       rapid.IntRange(0, 2).Draw(t, "holdback") == 2,
		Shadow:         rapid.Bool().Draw(t, "shadow"),
		Window:         rapid.IntRange(0, 9).Draw(t, "window") == 9,
		Companions:     rapid.IntRange(0, 2).Draw(t, "companions") == 2,
		Pooler:         rapid.IntRange(0, 2).Draw(t, "pooler") == 2,
		Cache:          rapid.IntRange(0, 2).Draw(t, "cache") == 2,
	}
	// Half of the faults at most, and sometimes none, or few histories would
	// ever see the late phases.
	// They are drawn from a seed, each as often as any other: rapid's own
	// numbers are mostly small, and the last faults hardly ever among them.
	dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "faults"), 0))
	faults := simulation.Faults(dice.Uint32() & dice.Uint32() & uint32(simulation.AllFaults))
	if rapid.Bool().Draw(t, "gentle") {
		faults &= rapid.SampledFrom([]simulation.Faults{0, simulation.ControllerCrashes | simulation.TimeJumps,
			simulation.OperatorRetires | simulation.OldCrashes, simulation.SignalsUnseen | simulation.CacheUnseen, simulation.PlatformUnseen | simulation.FrontUnseen | simulation.FrontRestarts,
			simulation.ActionsFail | simulation.ActionsLie, simulation.OperatorPauses | simulation.OperatorAborts}).Draw(t, "gentleFaults")
	}
	ticks := rapid.IntRange(5, 60).Draw(t, "ticks")
	w := simulation.New(sh.Plan(), faults, rapid.Uint64().Draw(t, "seed"))
	return simulation.NewHistory(w, decide), ticks
}

// play runs a drawn history and returns the first thing that went wrong.
func play(t *rapid.T, decide simulation.Decider) (*simulation.History, error) {
	h, ticks := drawHistory(t, decide)
	for k := range ticks {
		h.Tick(h.Stride(k))
		if h.State.Phase.Ended() {
			break
		}
	}
	if err := h.Finish(); err != nil {
		return h, err
	}
	if len(h.Violations) > 0 {
		return h, h.Violations[0]
	}
	return h, nil
}

func TestNoHistoryBreaksAnInvariantAndEveryPhaseIsReached(t *testing.T) {
	visited := map[release.Phase]int{}
	rapid.Check(t, func(t *rapid.T) {
		h, err := play(t, release.Decide)
		for ph, n := range h.Visited {
			visited[ph] += n
		}
		if err != nil {
			for _, e := range h.Entries {
				t.Logf("%4d %s %-10s %T %+v", e.Seq, e.At.Format("15:04:05.0"), e.Actor, e.Event, brief(e.Event))
			}
			t.Fatalf("%v", err)
		}
	})
	for _, ph := range release.Phases() {
		if visited[ph] == 0 && !ph.Ended() {
			t.Errorf("no history ever reached %s", ph)
		}
	}
	t.Logf("ticks per phase: %v", maps.Collect(maps.All(visited)))
}

// brief leaves the plan out of a log line.
func brief(e release.Event) any {
	if _, ok := e.(release.RecordedPlan); ok {
		return "plan"
	}
	return e
}
