package store

import (
	"bytes"
	"fmt"
)

// Entry is what one Append writes: every implementation composes it within
// its transaction, writes it, and fills the caller's slices once it is durable.
type Entry struct {
	Records []Record
	States  []State
	Head    Head
}

// Compose makes the entry that follows head from copies of records and
// states. It fails with ErrConflict if head is not at after, and if a record
// or state is not valid.
func Compose(head Head, after int64, records []Record, states []State) (Entry, error) {
	if head.Seq != after {
		return Entry{}, fmt.Errorf("%w: it ends at record %d, not %d", ErrConflict, head.Seq, after)
	}
	sealed, next, err := Chain(head, records)
	if err != nil {
		return Entry{}, err
	}
	copies := make([]State, len(states))
	for i, s := range states {
		if err := s.Validate(); err != nil {
			return Entry{}, err
		}
		copies[i] = State{Key: s.Key, Seq: next.Seq, Body: bytes.Clone(s.Body)}
	}
	return Entry{Records: sealed, States: copies, Head: next}, nil
}

// Fill writes Seq, PrevHash, Hash and the time in UTC into the records the
// entry was composed from, and Seq into the states.
func (e Entry) Fill(records []Record, states []State) {
	for i, r := range e.Records {
		records[i].Seq, records[i].PrevHash, records[i].Hash, records[i].At = r.Seq, r.PrevHash, r.Hash, r.At
	}
	for i, s := range e.States {
		states[i].Seq = s.Seq
	}
}
