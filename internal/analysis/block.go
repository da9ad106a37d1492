package analysis

import (
	"math"
	"time"
)

// Block gathers the bad requests of some seconds for a single bet, for signals
// whose bad requests come in clusters that cannot be told apart.
type Block struct {
	Began time.Time `json:"began,omitzero"`
	Old   Count     `json:"old"`
	New   Count     `json:"new"`
}

// The bounded bets on a block: the part of the wealth put on the new version's
// share of the bad requests. The last is the sleeper.
var (
	blockParts = [...]float64{0.1, 0.4, 0.9}
	blockPrior = []float64{0.25, 0.25, 0.25, 0.25}
)

func (b *Block) add(began time.Time, old, fresh Count) {
	if b.Began.IsZero() {
		b.Began = began
	}
	b.Old, b.New = b.Old.plus(old), b.New.plus(fresh)
}

// settle makes one bet on the block. Whatever the dependence inside the block,
// the new version's expected share of the bad is the tolerated one at most.
func (w *Wealth) settle(b Block, share, rho float64) {
	bad := b.New.Bad + b.Old.Bad
	if bad == 0 {
		return
	}
	gain := b.New.Bad / bad / tolerated(share, rho)
	var logs [len(blockParts) + 1]float64
	for i, f := range blockParts {
		logs[i] = math.Log(1 - f + f*gain)
	}
	w.bet(blockPrior, logs[:], 1, oddsSlow)
}
