package config

import (
	"fmt"
	"time"

	"cutover/internal/release"
)

// Limits are what clients may take of the proxy. Where apps share an address,
// the smallest of their limits holds for all of them, except for bodyIdle and
// bodyBytes.
type Limits struct {
	// Bytes of the first line and the headers of a request; more is answered 431, or 414 if it is the address.
	HeaderBytes int `json:"headerBytes,omitempty" jsonschema:"default=65536,minimum=1024,maximum=1048576"`
	// How many headers a request may have; more are answered 431.
	Headers int `json:"headers,omitempty" jsonschema:"default=200,minimum=1,maximum=10000"`
	// How long the head of a request may take; longer is answered 408.
	HeaderTime Duration `json:"headerTime,omitempty" jsonschema:"default=10s"`
	// How long a body may rest without a byte; longer is answered 408. A slow body that goes on is fine.
	BodyIdle Duration `json:"bodyIdle,omitempty" jsonschema:"default=1m"`
	// Bytes of a body; more is answered 413. 0 means any number.
	BodyBytes int `json:"bodyBytes,omitempty" jsonschema:"default=0,minimum=0"`
	// How long a connection is kept without a request.
	Idle Duration `json:"idle,omitempty" jsonschema:"default=2m"`
	// Connections that one client address may have open; more are answered 429. This machine and trusted proxies may have any number, and an IPv6 network (/64) is one address.
	Connections int `json:"connections,omitempty" jsonschema:"default=1024,minimum=1,maximum=1048576"`
}

func (l Limits) validate(tell report) {
	for path, d := range map[string]struct{ has, most time.Duration }{
		"headerTime": {time.Duration(l.HeaderTime), release.MostLimits.HeaderTime},
		"bodyIdle":   {time.Duration(l.BodyIdle), release.MostLimits.BodyIdle},
		"idle":       {time.Duration(l.Idle), release.MostLimits.Idle},
	} {
		if d.has < time.Second || d.has > d.most {
			tell(path, fmt.Sprintf("%s is not between 1s and %s", Duration(d.has), Duration(d.most)), "write a time between these")
		}
	}
}

func (l Limits) resolve() release.Limits {
	return release.Limits{
		HeaderBytes: l.HeaderBytes, Headers: l.Headers, HeaderTime: time.Duration(l.HeaderTime), BodyIdle: time.Duration(l.BodyIdle),
		BodyBytes: int64(l.BodyBytes), Idle: time.Duration(l.Idle), Connections: l.Connections,
	}
}
