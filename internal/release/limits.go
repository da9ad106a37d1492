package release

import (
	"errors"
	"fmt"
	"time"
)

// Limits bound what a client may take of a front. A zero is the default, which
// Resolved fills in; BodyBytes has none.
//
// Up to the head of a request nobody knows which app is asked. So where apps
// share an address the smallest of their limits holds for all of them, except
// for BodyIdle and BodyBytes, which are each app's own.
type Limits struct {
	// HeaderBytes bounds the request line and all headers; Headers is how many
	// of them there may be.
	HeaderBytes int `json:"headerBytes,omitzero"`
	Headers     int `json:"headers,omitzero"`
	// HeaderTime bounds the time from the first byte of a request, or from the
	// beginning of a connection, to the end of its head.
	HeaderTime time.Duration `json:"headerTime,omitzero"`
	// BodyIdle is how long a body may rest without a byte.
	BodyIdle time.Duration `json:"bodyIdle,omitzero"`
	// BodyBytes bounds a body; 0 does not.
	BodyBytes int64 `json:"bodyBytes,omitzero"`
	// Idle is how long a connection is kept without a request.
	Idle time.Duration `json:"idle,omitzero"`
	// Connections is how many a client address may have open at a time. This
	// machine's own and trusted proxies may have any number.
	Connections int `json:"connections,omitzero"`
}

// DefaultLimits are far above what browsers do.
var DefaultLimits = Limits{
	HeaderBytes: 64 << 10, Headers: 200, HeaderTime: 10 * time.Second,
	BodyIdle: time.Minute, Idle: 2 * time.Minute, Connections: 1024,
}

// MostLimits are the highest that can be set.
var MostLimits = Limits{
	HeaderBytes: 1 << 20, Headers: 10000, HeaderTime: time.Hour,
	BodyIdle: 24 * time.Hour, Idle: time.Hour, Connections: 1 << 20, BodyBytes: 1 << 62,
}

// Resolved returns the limits with the defaults filled in.
func (l Limits) Resolved() Limits {
	d := DefaultLimits
	return Limits{
		HeaderBytes: orElse(l.HeaderBytes, d.HeaderBytes), Headers: orElse(l.Headers, d.Headers),
		HeaderTime: orElse(l.HeaderTime, d.HeaderTime), BodyIdle: orElse(l.BodyIdle, d.BodyIdle),
		BodyBytes: l.BodyBytes, Idle: orElse(l.Idle, d.Idle), Connections: orElse(l.Connections, d.Connections),
	}
}

// Stricter returns the smaller of both limits, one by one, of what is
// enforced before the app is known. The rest is l's.
func (l Limits) Stricter(o Limits) Limits {
	l.HeaderBytes, l.Headers = min(l.HeaderBytes, o.HeaderBytes), min(l.Headers, o.Headers)
	l.HeaderTime, l.Idle = min(l.HeaderTime, o.HeaderTime), min(l.Idle, o.Idle)
	l.Connections = min(l.Connections, o.Connections)
	return l
}

// Check returns what cannot be served, nil for nothing.
func (l Limits) Check() error {
	most := MostLimits
	return errors.Join(
		within("headerBytes", l.HeaderBytes, most.HeaderBytes), within("headers", l.Headers, most.Headers),
		within("headerTime", l.HeaderTime, most.HeaderTime), within("bodyIdle", l.BodyIdle, most.BodyIdle),
		within("bodyBytes", l.BodyBytes, most.BodyBytes), within("idle", l.Idle, most.Idle),
		within("connections", l.Connections, most.Connections),
	)
}

func within[N int | int64 | time.Duration](name string, n, most N) error {
	if n < 0 || n > most {
		return fmt.Errorf("limits: %s is %v, want at most %v and not less than 0", name, n, most)
	}
	return nil
}

func orElse[N int | time.Duration](n, otherwise N) N {
	if n == 0 {
		return otherwise
	}
	return n
}
