package fault_test

import (
	"testing"
	"time"

	"cutover/internal/testkit/fault"
)

var kinds = []fault.Kind{
	{Name: "kill", Lane: "a"}, {Name: "freeze", Lane: "a", Least: time.Second, Most: 3 * time.Second},
	{Name: "full", Lane: "b", Least: time.Second, Most: time.Second}, {Name: "slow", Lane: "a", Least: time.Second, Most: 2 * time.Second},
}

func TestAPlanFollowsFromItsSeedAlone(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) string { return fault.Print(fault.Plan(seed, time.Minute, 3*time.Second, kinds)) }
	if draw(7) != draw(7) || draw(7) == draw(8) {
		t.Errorf("seed 7:\n%sseed 8:\n%s", draw(7), draw(8))
	}
}

func TestFaultsOfALaneNeverOverlapAndAllOfThemCome(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		plan := fault.Plan(seed, time.Minute, 4*time.Second, kinds)
		until, seen, last := map[string]time.Duration{}, map[string]int{}, time.Duration(0)
		for _, s := range plan {
			if s.At < until[s.Lane] || s.At < last || s.At >= time.Minute {
				t.Fatalf("seed %d: %s comes too early:\n%s", seed, s, fault.Print(plan))
			}
			until[s.Lane], last = s.At+s.For, s.At
			seen[s.Kind]++
		}
		for _, k := range kinds {
			if seen[k.Name] < 2 {
				t.Errorf("seed %d: %s comes %d times:\n%s", seed, k.Name, seen[k.Name], fault.Print(plan))
			}
		}
	}
}
