package store

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors a caller branches on.
var (
	ErrConflict = errors.New("the journal has moved on")
	ErrFenced   = errors.New("the lease belongs to a newer controller")
)

// HeldError says who holds the lease.
type HeldError struct{ Lease Lease }

func (e *HeldError) Error() string {
	return fmt.Sprintf("the lease is held by %s (generation %d) until %s",
		e.Lease.Owner, e.Lease.Generation, e.Lease.ExpiresAt.UTC().Format(time.RFC3339))
}

// CorruptError names the first record that does not hold, and the cure.
type CorruptError struct {
	// Place is where the journal lies, such as its file; empty if unknown.
	Place string
	// Seq is the record, 0 if the damage belongs to none.
	Seq    int64
	Reason string
	Cure   string
}

func (e *CorruptError) Error() string {
	var parts []string
	if e.Place != "" {
		parts = append(parts, e.Place)
	}
	if e.Seq != 0 {
		parts = append(parts, fmt.Sprintf("record %d", e.Seq))
	}
	parts = append(parts, e.Reason)
	text := strings.Join(parts, ": ")
	if e.Cure != "" {
		text += "; " + e.Cure
	}
	return text
}
