package logtail

import (
	"bytes"
	"sync"
)

// End keeps the end of what is written to it. Several goroutines may use it.
type End struct {
	most int
	mu   sync.Mutex
	kept bytes.Buffer
}

// NewEnd returns one that keeps the last most bytes.
func NewEnd(most int) *End { return &End{most: most} }

// Write implements io.Writer. It never fails.
func (e *End) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kept.Write(p)
	if extra := e.kept.Len() - e.most; extra > 0 {
		e.kept.Next(extra)
	}
	return len(p), nil
}

// String returns what is kept.
func (e *End) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.kept.String()
}
