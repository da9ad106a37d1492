package notary

import (
	"fmt"

	"cutover/internal/store"
)

// Standing returns the statements that a journal must match now: those after
// which records were given up count only as far as what was kept.
func Standing(all []Statement) []Statement {
	var stands []Statement
	for _, s := range all {
		if s.GivenUp != nil {
			n := len(stands)
			for n > 0 && stands[n-1].Seq > s.GivenUp.Kept {
				n--
			}
			stands = stands[:n]
		}
		stands = append(stands, s)
	}
	return stands
}

// Agree returns a *store.CorruptError, without cure, for the first statement
// that the journal does not match. record returns the journal's head as it was
// at a record from 1 to head's.
func Agree(place string, stands []Statement, head store.Head, record func(seq int64) (store.Head, error)) error {
	for _, s := range stands {
		when := s.At.UTC().Format("2006-01-02 15:04:05 UTC")
		if s.Seq > head.Seq {
			return &store.CorruptError{Seq: head.Seq + 1, Reason: fmt.Sprintf(
				"it is missing: the journal ends at record %d, but %s has record %d signed at %s: the end was cut off, or an older copy was put back",
				head.Seq, place, stands[len(stands)-1].Seq, when)}
		}
		has, err := record(s.Seq)
		if err != nil {
			return err
		}
		if has != s.Head {
			return &store.CorruptError{Seq: s.Seq, Reason: fmt.Sprintf(
				"it is not the record that %s has signed at %s: it, or one before it, was rewritten, or this is another journal", place, when)}
		}
	}
	return nil
}
