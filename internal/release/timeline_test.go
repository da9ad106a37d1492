package release_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/release/simulation"
)

// shapes are plans of every kind.
func shapes() []simulation.Shape {
	var list []simulation.Shape
	for _, strategy := range []release.Strategy{release.Canary, release.BlueGreen, release.RollingUpdate, release.Restore, release.ShadowOnly} {
		for _, replicas := range []int{1, 3, 5} {
			for k := range 16 {
				list = append(list, simulation.Shape{Strategy: strategy, Replicas: replicas,
					First: k&1 > 0, Schema: k&2 > 0, Checks: k&4 > 0, NoStandby: k&8 > 0, Window: k&8 > 0, Shadow: replicas == 3})
			}
		}
	}
	return list
}

func TestAReleaseThatGoesWellGoesTheWayThatWasPredicted(t *testing.T) {
	t.Parallel()
	for _, sh := range shapes() {
		w := simulation.New(sh.Plan(), 0, 1)
		began := w.Now
		h := goodCourse(t, w)
		var predicted []release.Phase
		for _, st := range release.Timeline(h.State.Plan, began) {
			predicted = append(predicted, st.Phase)
		}
		went := way(h, predicted)
		if !slices.Equal(went, predicted) {
			t.Errorf("%+v: it went\n%v, predicted\n%v", sh, went, predicted)
		}
	}
}

// goodCourse plays a release in which nothing goes wrong and nobody intervenes.
func goodCourse(t *testing.T, w *simulation.World) *simulation.History {
	t.Helper()
	h := simulation.NewHistory(w, release.Decide)
	for range 2000 {
		if h.State.Phase == release.Done || h.State.Phase == release.Compared {
			return h
		}
		h.Tick(10 * time.Second)
	}
	t.Fatalf("%+v: it came to %s only", w.Plan, h.State.Word())
	return nil
}

// way returns the phases a history went through, without those that last no
// time and have nothing to do, which a prediction leaves out.
func way(h *simulation.History, predicted []release.Phase) []release.Phase {
	var list []release.Phase
	for _, e := range h.Entries {
		switch ev := e.Event.(type) {
		case release.Entered:
			if slices.Contains(predicted, ev.Phase) || ev.Phase != release.Testing && ev.Phase != release.Retiring {
				list = append(list, ev.Phase)
			}
		case release.Ended:
			list = append(list, ev.Outcome)
		}
	}
	return list
}

func TestNothingHappensBeforeThePredictionSaysItCan(t *testing.T) {
	t.Parallel()
	for _, sh := range shapes() {
		w := simulation.New(sh.Plan(), 0, 1)
		began := w.Now
		h := goodCourse(t, w)
		stages := release.Timeline(h.State.Plan, began)
		k := 0
		for _, e := range h.Entries {
			en, ok := e.Event.(release.Entered)
			if !ok {
				continue
			}
			for k < len(stages) && stages[k].Phase != en.Phase {
				k++
			}
			if k == len(stages) {
				k = 0
				continue // one that the prediction leaves out
			}
			if took := e.At.Sub(began); took < stages[k].Earliest {
				t.Errorf("%+v: %s began after %s, predicted after %s at the earliest", sh, en.Phase, took, stages[k].Earliest)
			}
			k++
		}
	}
}

func TestThePredictionSaysWhatHappensWhatEndsItAndTheWayBack(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		shape simulation.Shape
		phase release.Phase
		nth   int
		want  string
	}{
		{simulation.Shape{Strategy: release.Canary, Replicas: 3, Window: true}, release.Waiting, 0, "0s | for the window that opens Mon 2026-03-02 02:00 UTC | | nothing to undo"},
		{simulation.Shape{Strategy: release.Canary, Replicas: 3, Window: true}, release.Preflight, 0,
			"2h0m0s | look whether the world is as planned | | nothing to undo: no traffic has moved"},
		{simulation.Shape{Strategy: release.Canary, Replicas: 3}, release.Starting, 0,
			"0s | start 3 instances of v2 on blue | all ready, at most 30s | nothing to undo: no traffic has moved"},
		{simulation.Shape{Strategy: release.Canary, Replicas: 3}, release.Shifting, 1,
			"7s | 50% of the traffic to v2 | at least 5s and 50 requests, at most 10m | traffic flip, about 1 s"},
		{simulation.Shape{Strategy: release.BlueGreen, Replicas: 3}, release.Shifting, 0, "2s | 100% of the traffic to v2 | no hold | traffic flip, about 1 s"},
		{simulation.Shape{Strategy: release.RollingUpdate, Replicas: 5}, release.Shifting, 1,
			"6s | 4 of 5 instances replaced, 80% of the traffic to v2 | at least 4s | restart of 4 old instances, then traffic back"},
		{simulation.Shape{Strategy: release.RollingUpdate, Replicas: 1}, release.Standby, 0,
			"15s | v1 can be started again to take everything back | 1h, or `cutover retire` | restart of 1 old instance, then traffic back"},
		{simulation.Shape{Strategy: release.Canary, Replicas: 3}, release.Standby, 0,
			"27s | v1 stays ready to take everything back | 1h, or `cutover retire` | traffic flip, about 1 s"},
		{simulation.Shape{Strategy: release.Canary, Replicas: 3}, release.Retiring, 0,
			"1h0m27s | drain and stop v1 | nothing in flight, at most 30s | none: the point of no return"},
		{simulation.Shape{Strategy: release.Canary, Replicas: 3, Checks: true}, release.Testing, 0,
			"2s | 1 smoke check against each, a comparison with v1, before any traffic | all pass | nothing to undo: no traffic has moved"},
		{simulation.Shape{Strategy: release.Canary, Replicas: 3, Schema: true}, release.Contracting, 0,
			"1h0m27s | remove the old shape from the schema | | none"},
		{simulation.Shape{Strategy: release.Canary, Replicas: 3, First: true}, release.Soaking, 0,
			"2s | watch v2 at full traffic | at least 2s | traffic is taken off; there is no older version"},
		{simulation.Shape{Strategy: release.Canary, Replicas: 3, Shadow: true}, release.Shifting, 0,
			"2s | copies of 10% to v2, which answers nobody | at least 5s and 40 answers compared | traffic flip, about 1 s"},
		{simulation.Shape{Strategy: release.ShadowOnly, Replicas: 3}, release.Shifting, 0,
			"2s | copies of 10% to v2, which answers nobody | at least 5s and 40 answers compared | nothing to undo: no traffic moves"},
		{simulation.Shape{Strategy: release.ShadowOnly, Replicas: 3}, release.Compared, 0,
			"7s | the differences are on record; v1 stands | | deploy another release"},
	} {
		nth, found := 0, false
		for _, st := range release.Timeline(c.shape.Plan(), monday) {
			if st.Phase != c.phase {
				continue
			}
			if nth == c.nth {
				got := strings.Join([]string{st.Earliest.String(), st.What, st.Ends, st.Back}, " | ")
				if found = true; strings.ReplaceAll(got, "|  |", "| |") != c.want {
					t.Errorf("%s %s reads\n%s, want\n%s", c.shape.Strategy, c.phase, got, c.want)
				}
			}
			nth++
		}
		if !found {
			t.Errorf("%s: there is no stage %d of %s", c.shape.Strategy, c.nth, c.phase)
		}
	}
}
