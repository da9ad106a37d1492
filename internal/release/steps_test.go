package release

import (
	"fmt"
	"testing"
	"time"
)

func TestARollingUpdateReplacesTheInstancesInBatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		replicas, parallelism int
		// each step as new/old/weight
		want string
	}{
		{1, 1, "[1/0/100%]"},
		{1, 5, "[1/0/100%]"},
		{2, 1, "[1/1/50% 2/0/100%]"},
		{3, 1, "[1/2/33.33% 2/1/66.66% 3/0/100%]"},
		{5, 2, "[2/3/40% 4/1/80% 5/0/100%]"},
		{7, 3, "[3/4/42.85% 6/1/85.71% 7/0/100%]"},
		{4, 2, "[2/2/50% 4/0/100%]"},
		{3, 0, "[1/2/33.33% 2/1/66.66% 3/0/100%]"},
	} {
		p := shopPlan(RollingUpdate, c.replicas)
		p.Rolling.Parallelism = c.parallelism
		var got []string
		for i := range p.stepCount() {
			got = append(got, fmt.Sprintf("%d/%d/%s", p.newAt(i), p.oldAt(i), p.weightAt(i)))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%d by %d go %v, want %s", c.replicas, c.parallelism, got, c.want)
		}
	}
}

func TestEveryStrategyEndsWithAllTrafficAndNeverGoesBack(t *testing.T) {
	t.Parallel()
	for _, strategy := range []Strategy{Canary, BlueGreen, RollingUpdate} {
		for replicas := 1; replicas <= 9; replicas++ {
			for par := 1; par <= 4; par++ {
				for _, first := range []bool{false, true} {
					p := shopPlan(strategy, replicas)
					p.Rolling.Parallelism = par
					if first {
						p = firstOf(p)
					}
					grows(t, p)
				}
			}
		}
	}
}

func grows(t *testing.T, p Plan) {
	t.Helper()
	last := Weight(-1)
	for i := range p.stepCount() {
		w := p.weightAt(i)
		if w <= last {
			t.Errorf("%s of %d: step %d has %s after %s", p.Strategy, p.Replicas, i, w, last)
		}
		last = w
		if sum := p.newAt(i) + p.oldAt(i); p.Strategy == RollingUpdate && !p.First() && sum != p.Replicas {
			t.Errorf("%s of %d: step %d has %d instances", p.Strategy, p.Replicas, i, sum)
		}
	}
	if end := p.stepCount() - 1; last != All || p.newAt(end) != p.Replicas {
		t.Errorf("%s of %d: it ends with %s on %d instances", p.Strategy, p.Replicas, last, p.newAt(end))
	}
}

func TestTheOldSideStaysAtFullStrengthUnlessItIsReplacedInBatches(t *testing.T) {
	t.Parallel()
	for strategy, want := range map[Strategy]int{Canary: 5, BlueGreen: 5, RollingUpdate: 3} {
		if got := shopPlan(strategy, 5).oldAt(0); got != want {
			t.Errorf("%s leaves %d of 5 at its first step, want %d", strategy, got, want)
		}
	}
	if got := firstOf(shopPlan(Canary, 5)).oldAt(0); got != 0 {
		t.Errorf("a first release has %d old instances", got)
	}
}

func TestABatchIsWatchedAndADelayPassesBeforeTheNextOnly(t *testing.T) {
	t.Parallel()
	p := shopPlan(RollingUpdate, 5)
	for i, want := range []time.Duration{30 * time.Second, 30 * time.Second, 20 * time.Second} {
		if got := p.holdAt(i); got != (Hold{AtLeast: want}) {
			t.Errorf("batch %d is held %+v, want %s", i, got, want)
		}
	}
}

func TestAFirstReleaseIsNotHeldForEvidence(t *testing.T) {
	t.Parallel()
	p := firstOf(shopPlan(Canary, 2))
	if got := p.holdAt(0); got != (Hold{}) {
		t.Errorf("its step is held %+v", got)
	}
	if got := p.soakHold(); got != (Hold{AtLeast: 10 * time.Second}) {
		t.Errorf("it soaks %+v, want as long as it settles", got)
	}
}

func TestARollbackNeedsHalfOfTheOldSideOrWhatABatchLeaves(t *testing.T) {
	t.Parallel()
	for replicas, want := range map[int]int{1: 1, 2: 1, 3: 2, 5: 3} {
		if got := shopPlan(Canary, replicas).quorum(); got != want {
			t.Errorf("of %d it needs %d, want %d", replicas, got, want)
		}
	}
	for replicas, want := range map[int]int{1: 1, 2: 1, 3: 1, 5: 3} {
		if got := shopPlan(RollingUpdate, replicas).quorum(); got != want {
			t.Errorf("of %d in batches it needs %d, want %d", replicas, got, want)
		}
	}
}

func TestThePauseDoublesUpToItsLimit(t *testing.T) {
	t.Parallel()
	tries := Tries{Pause: time.Second, MaxPause: 10 * time.Second}
	for n, want := range map[int]time.Duration{1: 1, 2: 2, 3: 4, 4: 8, 5: 10, 6: 10, 1000: 10} {
		if got := tries.pause(n); got != want*time.Second {
			t.Errorf("after %d failures it is %s, want %ds", n, got, want)
		}
	}
	if got := (Tries{Pause: time.Minute}).pause(5); got != time.Minute {
		t.Errorf("without a limit of its own it is %s", got)
	}
}
