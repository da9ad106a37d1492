package route

import (
	"fmt"
	"math"
	"testing"

	"cutover/internal/release"

	"pgregory.net/rapid"
)

// The tolerance is three standard deviations of a fair draw: 10 % of 200
// sequential ids must not become 34 %.
func TestSequentialIDsFallEvenlyUnderEveryCut(t *testing.T) {
	t.Parallel()
	shapes := map[string]func(i int) string{
		"user-N": func(i int) string { return fmt.Sprintf("user-%d", i) },
		"N":      func(i int) string { return fmt.Sprint(i) },
		"hex":    func(i int) string { return fmt.Sprintf("%08x", i) },
	}
	for name, id := range shapes {
		for _, n := range []int{200, 1000, 10000} {
			for _, cut := range []release.Weight{100, 1000, 5000} {
				assertFair(t, name, id, n, cut)
			}
		}
	}
}

func assertFair(t *testing.T, name string, id func(int) string, n int, cut release.Weight) {
	t.Helper()
	outside, salts := 0, min(40, 20_000/n)
	for s := range salts {
		seed, under := Seed(fmt.Sprintf("shop-2026-%d", s)), 0
		for i := range n {
			if Position(seed, id(i)) < cut {
				under++
			}
		}
		p := cut.Share()
		if math.Abs(float64(under)-p*float64(n)) > 3*math.Sqrt(p*(1-p)*float64(n))+1 {
			outside++
		}
	}
	if outside > 1+salts/20 {
		t.Errorf("%s: %d ids under %s: %d of %d salts are more than 3 sigma off", name, n, cut, outside, salts)
	}
}

func TestTenPercentOfTwoHundredIDsIsAboutTenPercent(t *testing.T) {
	t.Parallel()
	for s := range 20 {
		seed, under := Seed(fmt.Sprint("release-", s)), 0
		for i := range 200 {
			if Position(seed, fmt.Sprintf("user-%d", i)) < release.Percent(10) {
				under++
			}
		}
		if share := float64(under) / 2; share < 3 || share > 17 {
			t.Errorf("salt %d: %.1f%% of 200 ids fall under 10%%", s, share)
		}
	}
}

func TestSaltsChooseIndependently(t *testing.T) {
	t.Parallel()
	a, b, both := Seed("first"), Seed("second"), 0
	for i := range 10000 {
		key := fmt.Sprintf("user-%d", i)
		if Position(a, key) < 1000 && Position(b, key) < 1000 {
			both++
		}
	}
	if both < 60 || both > 140 {
		t.Errorf("%d of 10000 users are in the first tenth of two releases, want about 100", both)
	}
}

func TestPositionsStayOnTheScale(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := Position(rapid.Uint64().Draw(t, "seed"), rapid.String().Draw(t, "key"))
		if p < 0 || p >= release.All {
			t.Fatalf("position %d is off the scale", p)
		}
	})
}

// Every pair of weights and every position on a fine grid.
func TestRaisingAWeightMovesNobodyAway(t *testing.T) {
	t.Parallel()
	const weightStep, positionStep = 83, 101
	moved := 0
	for before := release.Weight(0); before <= release.All; before += weightStep {
		for after := release.Weight(0); after <= release.All; after += weightStep {
			from, to := split(before), split(after)
			grown := release.Green
			if after < before {
				grown = release.Blue
			}
			for p := release.Weight(0); p < release.All; p += positionStep {
				a, b := from.SideAt(p), to.SideAt(p)
				if a != b && b != grown {
					t.Fatalf("green %s -> %s moved position %d from %s to %s", before, after, p, a, b)
				}
				if a != b {
					moved++
				}
			}
		}
	}
	if moved == 0 {
		t.Error("no weight moved anybody")
	}
}

func TestAWeightIsTheShareOfPositionsItGets(t *testing.T) {
	t.Parallel()
	for _, green := range []release.Weight{0, 1, 500, 9999, 10000} {
		s, n := split(green), release.Weight(0)
		for p := release.Weight(0); p < release.All; p++ {
			if s.SideAt(p) == release.Green {
				n++
			}
		}
		if n != green {
			t.Errorf("green at %s gets %d of 10000 positions", green, n)
		}
	}
}

func split(green release.Weight) *Service {
	s := &Service{}
	s.Route.Sides.Green.Weight = green
	s.Route.Sides.Blue.Weight = release.All - green
	return s
}
