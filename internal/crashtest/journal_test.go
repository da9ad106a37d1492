package crashtest

import (
	"context"
	"fmt"

	"cutover/internal/engine"
	"cutover/internal/release"
	"cutover/internal/store"
	"cutover/internal/store/sqlite"
)

// history is the journal, read and folded by the test itself.
type history struct {
	records  []store.Record
	entries  map[string][]release.Entry
	releases map[string]release.State
	standing release.Standing
}

// readJournal proves that the journal is whole and folds it.
func (s *stage) readJournal() history {
	s.t.Helper()
	ctx := context.Background()
	j, err := sqlite.Open(ctx, s.path("journal", "journal.db"), sqlite.Options{ReadOnly: true})
	if err != nil {
		s.t.Fatal(err)
	}
	defer j.Close()
	if _, err := j.Audit(ctx); err != nil {
		s.t.Errorf("the journal does not verify: %v", err)
	}
	h := history{entries: map[string][]release.Entry{}, releases: map[string]release.State{}}
	if h.records, err = j.Records(ctx, store.Query{}); err != nil {
		s.t.Fatal(err)
	}
	for _, r := range h.records {
		e, err := engine.Decode(r)
		if err != nil {
			s.t.Fatal(err)
		}
		if h.releases[r.Release], err = release.Fold(h.releases[r.Release], e); err != nil {
			s.t.Fatal(err)
		}
		h.standing = release.FoldStanding(h.standing, e, h.releases[r.Release])
		h.entries[r.Release] = append(h.entries[r.Release], e)
	}
	s.proveStates(ctx, j, h)
	return h
}

// proveStates compares the states that are kept beside the journal with the
// records.
func (s *stage) proveStates(ctx context.Context, j *sqlite.Journal, h history) {
	s.t.Helper()
	states, err := j.States(ctx, "release/")
	if err != nil {
		s.t.Fatal(err)
	}
	if len(states) != len(h.releases) {
		s.t.Errorf("%d states are kept for %d releases", len(states), len(h.releases))
	}
	for _, kept := range states {
		if st := h.releases[kept.Key[len("release/"):]]; st.Seq != kept.Seq {
			s.t.Errorf("%s is kept as of record %d, its last one is %d", kept.Key, kept.Seq, st.Seq)
		}
	}
}

// head is the number of the last record.
func (h history) head() int64 { return int64(len(h.records)) }

// entered lists the phases of a release in their order.
func (h history) entered(name string) []string {
	var list []string
	for _, e := range h.entries[name] {
		switch ev := e.Event.(type) {
		case release.Entered:
			list = append(list, fmt.Sprintf("%s %d", ev.Phase, ev.Step))
		case release.Halted:
			list = append(list, "halted: "+ev.Reason)
		}
	}
	return list
}

// proveHistory checks what must hold of every release's records, whoever was
// killed while they were written.
func (s *stage) proveHistory(h history) {
	s.t.Helper()
	for name, entries := range h.entries {
		for _, v := range release.CheckHistory(entries) {
			s.t.Errorf("%s: %v", name, v)
		}
		for _, p := range h.releases[name].Pending {
			s.t.Errorf("%s: the intent %s (%s) has no result", name, p.Key, p.Action)
		}
		for _, e := range entries {
			ended, ok := e.Event.(release.Ended)
			if !ok {
				continue
			}
			for _, c := range []release.Counters{ended.Ledger.Blue, ended.Ledger.Green} {
				if c.Lost != 0 {
					s.t.Errorf("%s: its ledger says that requests were lost: %+v", name, ended.Ledger)
				}
			}
		}
	}
}
