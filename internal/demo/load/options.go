package load

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Options say what the crowd does. The zero value of every field but URL is
// replaced by its default, except where 0 is a choice of its own.
type Options struct {
	// URL is where the app is reached, such as http://127.0.0.1:8080.
	URL string
	// Host replaces the Host header; empty means the one of URL.
	Host string
	// Rate is how many paced requests begin each second, 0 for none, at most
	// 100000. They are sent when they are due whether or not earlier ones have
	// been answered, as long as one of Connections is free.
	Rate float64
	// PostShare is the share, 0..1, of paced requests that are POST /api/orders.
	// The others GET Paths in turn.
	PostShare float64
	// AddressShare is the share, 0..1, of those posts that write an address
	// instead: POST /api/addresses, with the line that AddressOf says.
	AddressShare float64
	// Paths defaults to / and /api/items.
	Paths []string
	// Connections is how many keep-alive connections the paced requests share,
	// and so how many of them can be in flight: 1 to 4096, default 32.
	Connections int
	// Users is how many different users there are, each with cookies of their
	// own; default 4 times Connections. A connection has one or more users in
	// turn; with fewer users than connections, a user has several.
	Users int
	// UserCookie, if set, names a cookie that carries the user's own id from
	// the first request on. Without it, users have the cookies they are given.
	UserCookie string
	// Anonymous is the share, 0..1, of connections that keep no cookies.
	Anonymous float64
	// Slow is how many workers do slow requests back to back, SlowFor how
	// long the app takes for one (default 1s, at most 60s).
	Slow    int
	SlowFor time.Duration
	// Events and Sockets are how many SSE and WebSocket streams are held open.
	Events  int
	Sockets int
	// Aborts is how many requests are given up half way, on purpose, one
	// every AbortEvery (default 1s).
	Aborts     int
	AbortEvery time.Duration
	// Timeout bounds one request, from its first byte to the end of its
	// answer, and the silence of a stream; default 30s, plus SlowFor for the
	// slow ones.
	Timeout time.Duration
	// Observe, if set, is told the fate of every request that is not a
	// stream. It is called by many goroutines at once and must be fast.
	Observe func(Outcome)
}

const (
	mostConnections = 4096
	mostRate        = 100_000
	mostStreams     = 1024
	longestSlow     = time.Minute
)

// complete fills in the defaults and refuses what makes no sense.
func (o Options) complete() (Options, *url.URL, error) {
	base, err := url.Parse(o.URL)
	if err != nil {
		return o, nil, fmt.Errorf("reading the load's URL: %w", err)
	}
	if base.Scheme != "http" || base.Host == "" {
		return o, nil, fmt.Errorf("reading the load's URL: %q is not of the form http://host:port", o.URL)
	}
	o.Connections = orDefault(o.Connections, 32)
	o.Users = orDefault(o.Users, 4*o.Connections)
	o.SlowFor = orDefault(o.SlowFor, time.Second)
	o.AbortEvery = orDefault(o.AbortEvery, time.Second)
	o.Timeout = orDefault(o.Timeout, 30*time.Second)
	if len(o.Paths) == 0 {
		o.Paths = []string{"/", "/api/items"}
	}
	return o, base, errors.Join(
		checkPaths(o.Paths),
		within("Rate", o.Rate, 0, mostRate),
		within("PostShare", o.PostShare, 0, 1),
		within("Connections", o.Connections, 1, mostConnections),
		within("Users", o.Users, 1, 1_000_000),
		within("AddressShare", o.AddressShare, 0, 1),
		within("Anonymous", o.Anonymous, 0, 1),
		within("Slow", o.Slow, 0, mostStreams),
		within("SlowFor", o.SlowFor, time.Millisecond, longestSlow),
		within("Events", o.Events, 0, mostStreams),
		within("Sockets", o.Sockets, 0, mostStreams),
		within("Aborts", o.Aborts, 0, 1_000_000),
		within("AbortEvery", o.AbortEvery, time.Millisecond, time.Hour),
		within("Timeout", o.Timeout, time.Millisecond, time.Hour),
	)
}

func checkPaths(paths []string) error {
	for _, p := range paths {
		if _, err := url.ParseRequestURI(p); err != nil || p[0] != '/' {
			return fmt.Errorf("reading the load's options: Paths has %q; each must be a path that begins with /", p)
		}
	}
	return nil
}

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

func within[T int | float64 | time.Duration](name string, v, low, high T) error {
	if v >= low && v <= high {
		return nil
	}
	return fmt.Errorf("reading the load's options: %s is %v; set it between %v and %v", name, v, low, high)
}
