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

func TestRaisingAWeightMovesNobodyAway(t *testing.T) {
	t.Parallel()
	grown, shrunk := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		before := release.Weight(rapid.IntRange(0, 10000).Draw(t, "green before"))
		after := release.Weight(rapid.IntRange(0, 10000).Draw(t, "green after"))
		p := Position(Seed(rapid.String().Draw(t, "salt")), rapid.String().Draw(t, "key"))
		from, to := split(before).SideAt(p), split(after).SideAt(p)
		if after >= before && from == release.Green && to != release.Green {
			t.Fatalf("green %s -> %s moved position %d back to blue", before, after, p)
		}
		if after <= before && from == release.Blue && to != release.Blue {
			t.Fatalf("blue grew (green %s -> %s) and position %d left it", before, after, p)
		}
		if from != to && after > before {
			grown++
		}
		if from != to && after < before {
			shrunk++
		}
	})
	if grown == 0 || shrunk == 0 {
		t.Fatalf("the property was not exercised: %d moved up, %d down", grown, shrunk)
	}
}

func split(green release.Weight) *Service {
	s := &Service{}
	s.Route.Sides.Green.Weight = green
	s.Route.Sides.Blue.Weight = release.All - green
	return s
}
