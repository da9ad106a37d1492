package guard

import "sync"

// Tally counts breaches. The zero value is ready.
type Tally struct {
	mu    sync.Mutex
	count map[Breach]uint64
}

// Add counts one more.
func (t *Tally) Add(b Breach) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count == nil {
		t.count = map[Breach]uint64{}
	}
	t.count[b]++
}

// Read returns how many there were of each kind, nil for none at all.
func (t *Tally) Read() map[Breach]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out map[Breach]uint64
	for b, n := range t.count {
		if out == nil {
			out = map[Breach]uint64{}
		}
		out[b] = n
	}
	return out
}
