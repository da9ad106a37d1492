package analysis

import "time"

// Pair is what became of one request that both versions got at about the same
// time, the one who was first being tossed for. A run of several requests that
// are sent together counts as one.
type Pair struct {
	// At is when both had ended. Pairs come in that order.
	At time.Time `json:"at"`
	// Of names what was asked for.
	Of  string `json:"of"`
	Old Try    `json:"old"`
	New Try    `json:"new"`
	// Void says why it tells nothing of either version, "" if it does.
	Void string `json:"void,omitempty"`
}

// Try is what one version did with it.
type Try struct {
	Bad bool `json:"bad,omitempty"`
	// Took is how long a good one took.
	Took time.Duration `json:"took"`
}

// only counts the side that alone went wrong: at most one of the two is 1.
func (p Pair) only() (old, fresh float64) {
	switch {
	case p.New.Bad && !p.Old.Bad:
		return 0, 1
	case p.Old.Bad && !p.New.Bad:
		return 1, 0
	}
	return 0, 0
}

// addTo counts the try. The histogram is of good ones.
func (t Try) addTo(c *Count) {
	c.Requests++
	if t.Bad {
		c.Bad++
		return
	}
	c.Latency.Record(t.Took, t.Took, 1)
}

// count is the try alone, without its time.
func (t Try) count() Count {
	if t.Bad {
		return Count{Requests: 1, Bad: 1}
	}
	return Count{Requests: 1}
}
