package release

import (
	"math"
	"testing"
)

func TestAPercentageBecomesAWeightWithinTheScale(t *testing.T) {
	t.Parallel()
	for p, want := range map[float64]Weight{
		0: None, 0.004: 0, 0.005: 1, 0.01: 1, 5: 500, 12.345: 1235, 33.33: 3333, 99.99: 9999, 99.999: All, 100: All,
		-1: None, 101: All, 1e300: All, math.Inf(1): All, math.Inf(-1): None,
	} {
		if got := Percent(p); got != want {
			t.Errorf("%g%% is %d, want %d", p, got, want)
		}
	}
	if got := Percent(math.NaN()); got != None {
		t.Errorf("what is not a number is %d", got)
	}
}

func TestAWeightIsWrittenWithAsManyDecimalsAsItNeeds(t *testing.T) {
	t.Parallel()
	for w, want := range map[Weight]string{
		None: "0%", 1: "0.01%", 10: "0.1%", 50: "0.5%", 105: "1.05%", 500: "5%", 3333: "33.33%", 9990: "99.9%", All: "100%",
	} {
		if got := w.String(); got != want {
			t.Errorf("%d is written %s, want %s", int(w), got, want)
		}
	}
}

func TestEveryWeightComesBackFromItsShare(t *testing.T) {
	t.Parallel()
	for w := None; w <= All; w++ {
		if got := Percent(w.Share() * 100); got != w {
			t.Fatalf("%d came back as %d", w, got)
		}
	}
}
