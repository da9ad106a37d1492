package analysis

import (
	"math"
	"testing"
)

func TestDealingAnewChangesNoTotal(t *testing.T) {
	prior := []float64{0.5, 0.25, 0.25}
	var kept, dealt Wealth
	kept.bet(prior, []float64{3, -2, 0}, 1, 0)
	dealt.bet(prior, []float64{3, -2, 0}, 1, 3)
	if want := math.Log(0.5*math.Exp(3) + 0.25*math.Exp(-2) + 0.25); math.Abs(kept.Log-want) > 1e-12 || kept.Log != dealt.Log {
		t.Errorf("wealth %v and %v, want %v", kept.Log, dealt.Log, want)
	}
}

func TestTheSleeperKeepsItsStake(t *testing.T) {
	var w Wealth
	for range 10000 {
		w.odds(new(stakes).at(0.05, 1), 0, 1)
	}
	if least := -8.0; w.Log < least {
		t.Fatalf("after 10,000 bad requests of the old version the wealth is exp(%v)", w.Log)
	}
	n := 0
	for ; w.Log < evidence(0.001); n++ {
		w.odds(new(stakes).at(0.05, 1), 1, 0)
	}
	if n > 12 {
		t.Errorf("a late regression took %d bad requests in a row", n)
	}
}

func TestWealthStaysANumberWhateverHappens(t *testing.T) {
	var w Wealth
	for range 300 {
		w.odds(new(stakes).at(0.0001, 1), 1e6, 0)
		w.odds(new(stakes).at(0.9999, 1), 0, 1e6)
	}
	sum := 0.0
	for _, s := range w.Shares {
		sum += s
	}
	if math.IsNaN(w.Log) || math.IsInf(w.Log, 0) || math.Abs(sum-1) > 1e-9 {
		t.Errorf("log %v, shares %v", w.Log, w.Shares)
	}
}

func TestThePeakIsTheHighestWealthEver(t *testing.T) {
	var w Wealth
	w.odds(new(stakes).at(0.05, 1), 3, 0)
	peak := w.Log
	w.odds(new(stakes).at(0.05, 1), 0, 50)
	if w.Log >= peak || w.Peak != peak {
		t.Errorf("log %v, peak %v, it was %v", w.Log, w.Peak, peak)
	}
}
