//go:build superset

package superset_test

import (
	"slices"
	"time"
)

// hit is one answer with a chart's data, and whether Superset says that it
// came from the cache.
type hit struct {
	at     time.Time
	cached bool
}

type hits []hit

// window is how many answers a share is taken of: every chart three times.
const window = 3 * drawn

// before are the last answers asked for before at, after the first asked for
// since then.
func (h hits) before(at time.Time) hits {
	n, _ := slices.BinarySearchFunc(h, at, func(x hit, at time.Time) int { return x.at.Compare(at) })
	return h[max(0, n-window):n]
}

func (h hits) after(at time.Time) hits {
	n, _ := slices.BinarySearchFunc(h, at, func(x hit, at time.Time) int { return x.at.Compare(at) })
	return h[n:min(len(h), n+window)]
}

// rate is the percentage that came from the cache.
func (h hits) rate() float64 {
	n := 0
	for _, x := range h {
		if x.cached {
			n++
		}
	}
	return 100 * float64(n) / float64(max(1, len(h)))
}
