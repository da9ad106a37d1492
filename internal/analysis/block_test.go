package analysis

import (
	"math"
	"testing"
	"time"
)

func TestABlockGainsNothingOnAverageHoweverItsErrorsCluster(t *testing.T) {
	// One client causes all of the bad requests: all are the new version's
	// with the probability of its share, else none.
	for _, share := range []float64{0.01, 0.05, 0.5, 0.95} {
		var hit, miss Wealth
		hit.settle(Block{New: Count{Bad: 40}}, share, 1)
		miss.settle(Block{Old: Count{Bad: 40}}, share, 1)
		if mean := share*math.Exp(hit.Log) + (1-share)*math.Exp(miss.Log); math.Abs(mean-1) > 1e-9 {
			t.Errorf("share %v: the wealth becomes %v on average", share, mean)
		}
	}
}

func TestAnEmptyBlockSaysNothing(t *testing.T) {
	var w Wealth
	w.settle(Block{New: Count{Requests: 10}, Old: Count{Requests: 90}}, 0.1, 1)
	if w.Log != 0 {
		t.Errorf("the wealth moved to %v", w.Log)
	}
}

func TestABlockBeginsWithItsFirstBucket(t *testing.T) {
	var b Block
	at := time.Unix(100, 0)
	b.add(at, Count{Requests: 1, Bad: 1}, Count{Requests: 2})
	b.add(at.Add(time.Second), Count{Requests: 3}, Count{Requests: 4, Bad: 2})
	if !b.Began.Equal(at) || b.Old.Requests != 4 || b.New.Requests != 6 || b.Old.Bad != 1 || b.New.Bad != 2 {
		t.Errorf("the block is %+v", b)
	}
}
