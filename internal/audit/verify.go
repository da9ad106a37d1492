package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/store"
)

// Source is where the records and states of a journal are read from.
type Source interface {
	Records(ctx context.Context, q store.Query) ([]store.Record, error)
	States(ctx context.Context, prefix string) ([]store.State, error)
}

// Trail is a journal to verify, with what vouches for its end.
type Trail struct {
	Source Source
	// Place is what errors call the journal, such as its file.
	Place string
	// Checkpoints vouch for the journal's end; one that does not exist is
	// passed over. Beside the journal's own, copies kept on other machines
	// may be named here.
	Checkpoints []CheckpointFile
}

// Report is what Verify found whole.
type Report struct {
	// Head is the last record.
	Head store.Head `json:"head"`
	// First and Last are when the first and the last record were written;
	// zero in an empty journal.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Checkpoint is the farthest of the checkpoints, all of which match. It
	// is nil if there is none: then nothing shows whether later records once
	// existed.
	Checkpoint *store.Head `json:"checkpoint,omitempty"`
}

// page bounds the records held in memory at once.
const page = 256

// Verify reads the whole journal and checks the numbering, every hash, the
// chain, the checkpoints, and that no state is ahead of the records. For the
// first thing that does not hold it returns a *store.CorruptError with place
// and cure, beside a report of what came before. It changes nothing and may
// run while a controller appends.
func Verify(ctx context.Context, t Trail) (Report, error) {
	report, err := t.verify(ctx)
	var corrupt *store.CorruptError
	if !errors.As(err, &corrupt) {
		return report, err
	}
	if corrupt.Place == "" {
		corrupt.Place = t.Place
	}
	if corrupt.Cure == "" {
		corrupt.Cure = "put back the last good copy of the journal, with its checkpoint; until then trust no record from here on"
	}
	return report, err
}

// verify looks at what may be ahead of the records before it looks at the
// records: they only grow, so that a writer at work cannot make a checkpoint
// or state seem to be ahead.
func (t Trail) verify(ctx context.Context) (Report, error) {
	var report Report
	ends, err := t.ends()
	if err != nil {
		return report, err
	}
	states, err := t.Source.States(ctx, "")
	if err != nil {
		return report, fmt.Errorf("verify the journal: %w", err)
	}
	if err := t.walk(ctx, &report, ends); err != nil {
		return report, err
	}
	for _, end := range ends {
		if end.head.Seq > report.Head.Seq {
			return report, end.missing(report.Head)
		}
		if report.Checkpoint == nil || report.Checkpoint.Seq < end.head.Seq {
			report.Checkpoint = &end.head
		}
	}
	return report, Ahead(report.Head, states)
}

// end is a checkpoint and its file.
type end struct {
	file CheckpointFile
	head store.Head
}

func (t Trail) ends() ([]end, error) {
	var ends []end
	for _, file := range t.Checkpoints {
		head, found, err := file.Load()
		if err != nil {
			return nil, err
		}
		if found {
			ends = append(ends, end{file, head})
		}
	}
	return ends, nil
}

func (t Trail) walk(ctx context.Context, report *Report, ends []end) error {
	report.Head = store.Start()
	for {
		records, err := t.Source.Records(ctx, store.Query{After: report.Head.Seq, Limit: page})
		if err != nil {
			return fmt.Errorf("verify the journal: %w", err)
		}
		for _, r := range records {
			head, err := store.Follow(report.Head, r)
			if err != nil {
				return err
			}
			if err := agree(ends, head); err != nil {
				return err
			}
			if report.First.IsZero() {
				report.First = r.At
			}
			report.Head, report.Last = head, r.At
		}
		if len(records) < page {
			return nil
		}
	}
}

func agree(ends []end, head store.Head) error {
	for _, end := range ends {
		if end.head.Seq == head.Seq && end.head.Hash != head.Hash {
			return end.replaced()
		}
	}
	return nil
}
