package core

import (
	"fmt"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/release/simulation"
)

// strategies are the plans that are played.
func strategies() []simulation.Shape {
	return []simulation.Shape{
		{Strategy: release.Canary, Replicas: 3, Checks: true, Schema: true},
		{Strategy: release.BlueGreen, Replicas: 3, Checks: true},
		{Strategy: release.RollingUpdate, Replicas: 6, Checks: true},
	}
}

// play lets a release go its way, at most 400 looks, and returns its history.
func play(b *testing.B, sh simulation.Shape, faults simulation.Faults, seed uint64, decide simulation.Decider) *simulation.History {
	b.Helper()
	h := simulation.NewHistory(simulation.New(sh.Plan(), faults, seed), decide)
	for k := 0; k < 400 && !h.State.Phase.Ended(); k++ {
		h.Tick(h.Stride(k))
	}
	if len(h.Violations) > 0 {
		b.Fatalf("seed %d: %v", seed, h.Violations[0])
	}
	return h
}

// moment is a state and the world it was decided for.
type moment struct {
	state release.State
	world release.World
}

// moments returns every moment of a release's history.
func moments(b *testing.B, sh simulation.Shape) []moment {
	var list []moment
	sh.NoStandby = true // or nearly all of them would be spent in it
	h := play(b, sh, 0, 1, func(s release.State, w release.World) release.Decision {
		list = append(list, moment{s, w})
		return release.Decide(s, w)
	})
	if h.State.Phase != release.Done {
		b.Fatalf("it ended in %s", h.State.Word())
	}
	return list
}

// BenchmarkDecide decides every moment of a whole release again and again.
func BenchmarkDecide(b *testing.B) {
	for _, sh := range strategies() {
		b.Run(string(sh.Strategy), func(b *testing.B) {
			list := moments(b, sh)
			b.ReportAllocs()
			k := 0
			for b.Loop() {
				m := &list[k]
				release.Decide(m.state, m.world)
				if k++; k == len(list) {
					k = 0
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "decisions/s")
		})
	}
}

// BenchmarkFold folds the journal of a whole release, event by event.
func BenchmarkFold(b *testing.B) {
	h := play(b, strategies()[0], 0, 1, release.Decide)
	b.ReportAllocs()
	var s release.State
	k := 0
	for b.Loop() {
		if k == 0 {
			s = release.State{}
		}
		var err error
		if s, err = release.Fold(s, h.Entries[k]); err != nil {
			b.Fatal(err)
		}
		if k++; k == len(h.Entries) {
			k = 0
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkExplain words why a release stands where it stands.
func BenchmarkExplain(b *testing.B) {
	list := moments(b, strategies()[0])
	b.ReportAllocs()
	k := 0
	for b.Loop() {
		release.Explain(list[k].state, list[k].world)
		if k++; k == len(list) {
			k = 0
		}
	}
}

// BenchmarkHistory plays whole releases, each with another seed and with half
// of the faults, and checks every invariant at every step.
func BenchmarkHistory(b *testing.B) {
	for _, sh := range strategies() {
		b.Run(string(sh.Strategy), func(b *testing.B) {
			decisions, ended := 0, 0
			counted := func(s release.State, w release.World) release.Decision {
				decisions++
				return release.Decide(s, w)
			}
			seed := uint64(0)
			for b.Loop() {
				seed++
				h := play(b, sh, simulation.Faults(seed*0x9E3779B97F4A7C15>>40)&simulation.AllFaults&0x155555, seed, counted)
				if h.State.Phase.Ended() {
					ended++
				}
			}
			per := b.Elapsed().Seconds()
			b.ReportMetric(float64(b.N)/per, "histories/s")
			b.ReportMetric(float64(decisions)/per, "decisions/s")
			b.ReportMetric(100*float64(ended)/float64(b.N), "%ended")
		})
	}
}

// BenchmarkDepth plays releases whose holds last ever longer in looks: the cost
// of a look must not grow with the history behind it.
func BenchmarkDepth(b *testing.B) {
	for _, looks := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(looks), func(b *testing.B) {
			sh := strategies()[0]
			for b.Loop() {
				h := simulation.NewHistory(simulation.New(sh.Plan(), simulation.NoTraffic, 1), release.Decide)
				for range looks {
					h.Tick(50 * time.Millisecond)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(looks), "ns/look")
		})
	}
}
