package lane

import (
	"log/slog"
	"sync"
	"time"
)

// scarce logs at most one warning per period and says how many it left out:
// an outage must not fill the disk.
type scarce struct {
	log   *slog.Logger
	every time.Duration

	mu      sync.Mutex
	last    time.Time
	omitted int
}

func (s *scarce) warn(text string, args ...any) {
	s.mu.Lock()
	now := time.Now()
	if !s.last.IsZero() && now.Sub(s.last) < s.every {
		s.omitted++
		s.mu.Unlock()
		return
	}
	omitted := s.omitted
	s.last, s.omitted = now, 0
	s.mu.Unlock()
	if omitted > 0 {
		args = append(args, "omitted", omitted)
	}
	s.log.Warn(text, args...)
}
