package audit

import (
	"fmt"

	"cutover/internal/store"
)

// Reach checks what f says against the journal's end without reading the
// whole journal: record must return the journal's head as it was at a Seq
// from 1 to head's. It reports whether there is a checkpoint, and returns a
// *store.CorruptError, without place, if it does not match.
func (f CheckpointFile) Reach(head store.Head, record func(seq int64) (store.Head, error)) (bool, error) {
	says, found, err := f.Load()
	if err != nil || !found {
		return found, err
	}
	e := end{f, says}
	switch {
	case says.Seq > head.Seq:
		return true, e.missing(head)
	case says.Seq == 0:
		return true, nil
	}
	has, err := record(says.Seq)
	if err == nil && has != says {
		err = e.replaced()
	}
	return true, err
}

// Ahead returns a *store.CorruptError, without place, if a state is folded
// from records after head: those records existed once.
func Ahead(head store.Head, states []store.State) error {
	for _, s := range states {
		if s.Seq > head.Seq {
			return &store.CorruptError{
				Seq:    head.Seq + 1,
				Reason: fmt.Sprintf("it is missing: the journal ends at record %d, but state %s is folded up to record %d", head.Seq, s.Key, s.Seq),
				Cure:   accept,
			}
		}
	}
	return nil
}

func (e end) missing(head store.Head) error {
	return &store.CorruptError{
		Seq:    head.Seq + 1,
		Reason: fmt.Sprintf("it is missing: the journal ends at record %d, but the checkpoint %s was written at record %d", head.Seq, e.file, e.head.Seq),
		Cure:   accept,
	}
}

func (e end) replaced() error {
	return &store.CorruptError{
		Seq:    e.head.Seq,
		Reason: fmt.Sprintf("it is not the record the checkpoint %s was written for: it, or one before it, was replaced and the chain built anew", e.file),
		Cure:   accept,
	}
}

// accept is the cure for a journal that is older than what vouches for it.
const accept = "put back the newer copy of the journal, or, to accept the loss knowingly: cutover journal accept"
