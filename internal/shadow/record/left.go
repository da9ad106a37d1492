package record

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// Left counts the requests that were to be recorded and were not. A nil Left
// counts nothing. It may be used by several goroutines at once.
type Left struct {
	large, opaque, broken, missed atomic.Uint64
}

// Out says of a request why it was left out: ErrLarge, ErrOpaque, ErrBroken or
// ErrMissed.
func (l *Left) Out(why error) {
	switch {
	case l == nil:
	case errors.Is(why, ErrLarge):
		l.large.Add(1)
	case errors.Is(why, ErrOpaque):
		l.opaque.Add(1)
	case errors.Is(why, ErrBroken):
		l.broken.Add(1)
	default:
		l.missed.Add(1)
	}
}

// More reasons not to keep a request.
var (
	// ErrBroken means that not all of its body came.
	ErrBroken = errors.New("the body was not sent whole")
	// ErrMissed means that the recording was not quick enough.
	ErrMissed = errors.New("the recording is behind")
)

// LeftOut is how many requests were left out, and why.
type LeftOut struct {
	Large  uint64 `json:"large,omitempty"`
	Opaque uint64 `json:"opaque,omitempty"`
	Broken uint64 `json:"broken,omitempty"`
	Missed uint64 `json:"missed,omitempty"`
}

// Counts returns how many there are by now.
func (l *Left) Counts() LeftOut {
	return LeftOut{l.large.Load(), l.opaque.Load(), l.broken.Load(), l.missed.Load()}
}

// String says it in a few words, "" if nothing was left out.
func (l LeftOut) String() string {
	var parts []string
	for _, one := range []struct {
		n    uint64
		what string
	}{
		{l.Large, "too large"}, {l.Opaque, "with a body that cannot be read and so not be masked"},
		{l.Broken, "not sent whole"}, {l.Missed, "missed because the recording was behind"},
	} {
		if one.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.n, one.what))
		}
	}
	return strings.Join(parts, ", ")
}
