package api

import (
	"context"
	"fmt"

	"cutover/internal/engine"
	"cutover/internal/release"
	"cutover/internal/store"
)

// JournalTrail reads lines from a journal.
type JournalTrail struct{ Journal store.Journal }

var _ Trail = JournalTrail{}

// Lines returns the records after seq. A record that cannot be read is an
// error that names it.
func (t JournalTrail) Lines(ctx context.Context, after int64, app, name string, limit int) ([]Line, error) {
	records, err := t.Journal.Records(ctx, store.Query{After: after, App: app, Release: name, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	lines := make([]Line, 0, len(records))
	for _, r := range records {
		e, err := engine.Decode(r)
		if err != nil {
			return nil, err
		}
		lines = append(lines, Line{Seq: r.Seq, At: r.At, App: r.App, Release: r.Release, Actor: r.Actor,
			Type: r.Type, Text: release.Sentence(e.Event), Hash: r.Hash, Verdict: release.VerdictOf(e.Event), Event: e.Event})
	}
	return lines, nil
}
