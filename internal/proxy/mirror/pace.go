package mirror

import (
	"sync"
	"time"
)

// pace lets through so many a second, and a quarter of that at once.
type pace struct {
	rate float64

	mu     sync.Mutex
	tokens float64
	last   time.Time
}

func (p *pace) allows(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := max(p.rate/4, 1)
	if p.last.IsZero() {
		p.tokens = most
	} else if gone := now.Sub(p.last).Seconds(); gone > 0 {
		p.tokens = min(p.tokens+gone*p.rate, most)
	}
	p.last = now
	if p.tokens < 1 {
		return false
	}
	p.tokens--
	return true
}
