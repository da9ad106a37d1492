package signal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Kind is a kind of source.
type Kind string

// The kinds of sources.
const (
	Prometheus Kind = "prometheus"
	Endpoint   Kind = "http"
	Postgres   Kind = "postgres"
	PgBouncer  Kind = "pgbouncer"
	Process    Kind = "process"
	Log        Kind = "log"
	Cache      Kind = "cache"
)

// Source says where a signal is read.
type Source struct {
	Kind Kind `json:"kind"`
	// At is the server: an address, or for Endpoint the whole URL or only a
	// path, which is then asked of every instance. For databases it may be a
	// reference, env:NAME or file:/path, resolved when it is used.
	At string `json:"at,omitempty"`
	// Query is what is asked: PromQL, a JSON path, the name of a measure, or a
	// regular expression for lines of a log.
	Query string `json:"query"`
	// Of asks for the whole that Query's value is a part of. Where Rest is set
	// it asks for the remainder instead: hits beside misses.
	Of   string `json:"of,omitempty"`
	Rest bool   `json:"rest,omitempty"`
	// Only narrows a database's numbers down: an application_name for
	// Postgres, a database for PgBouncer. It may have placeholders.
	Only string `json:"only,omitempty"`
	// Longer is from when on a statement is slow.
	Longer time.Duration `json:"longer,omitempty"`
	// Place is where a cache is, as JSON that only its reader understands.
	Place string `json:"place,omitempty"`
	// Headers go with a request; a value may be a reference.
	Headers map[string]string `json:"headers,omitempty"`
}

// Measure is a number that a kind of source has by itself.
type Measure struct {
	Name  string
	Shape Shape
	Unit  Unit
	// Means says what it is.
	Means string
	// BySide says that it is always read side by side; otherwise only where
	// Source.Only tells the sides apart.
	BySide bool
}

// The names of the measures.
const (
	Connections        = "connections"
	WaitingLocks       = "waiting_locks"
	LongestTransaction = "longest_transaction"
	SlowStatements     = "slow_statements"
	WaitingClients     = "waiting_clients"
	LongestWait        = "longest_wait"
	PoolUse            = "pool"
	CPU                = "cpu"
	Memory             = "memory"
	AuthFailures       = "authentication_failures"
	Exceptions         = "exceptions"
	Misses             = "misses"
	MissedShare        = "missed_share"
)

var measures = map[Kind][]Measure{
	Postgres: {
		{Connections, Share, Ratio, "connections used, of those the server allows", false},
		{WaitingLocks, Level, Count, "sessions that wait for a lock", false},
		{LongestTransaction, Level, Seconds, "how long the oldest open transaction has lasted", false},
		{SlowStatements, Level, Count, "statements that have run for longer than `longer`", false},
	},
	PgBouncer: {
		{WaitingClients, Level, Count, "clients that wait for a server connection", false},
		{LongestWait, Level, Seconds, "how long the first of them has waited", false},
		{PoolUse, Share, Ratio, "server connections in use, of those the pools may have", false},
	},
	Cache: {
		{Misses, Rate, PerSecond, "keys of the side's own generation that were asked for and not there", true},
		{MissedShare, Counted, Ratio, "lookups that found nothing, of all lookups on the whole server", false},
	},
	Process: {
		{CPU, Rate, Cores, "processor time per second", true},
		{Memory, Level, Bytes, "resident memory of an instance and its children", true},
	},
	Log: {
		{AuthFailures, Rate, PerSecond, "lines that tell of a failed authentication", true},
		{Exceptions, Rate, PerSecond, "lines that tell of an exception or a panic", true},
	},
}

// Measures lists what a kind of source knows by itself, for Prometheus and
// endpoints nothing.
func Measures(k Kind) []Measure { return slices.Clone(measures[k]) }

// Kinds lists the kinds of sources in the order of their names.
func Kinds() []Kind {
	return slices.SortedFunc(slices.Values(append(slices.Collect(maps.Keys(measures)), Prometheus, Endpoint)), cmp.Compare)
}

// FindMeasure returns the measure of that name.
func FindMeasure(k Kind, name string) (Measure, error) {
	var names []string
	for _, m := range measures[k] {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return Measure{}, fmt.Errorf("%s has no measure %q: it has %s", k, name, strings.Join(names, ", "))
}
