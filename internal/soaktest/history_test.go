package soaktest

import (
	"context"
	"fmt"

	"cutover/internal/engine"
	"cutover/internal/release"
	"cutover/internal/store"
	"cutover/internal/store/sqlite"
)

// history is the journal, read and folded by the soak itself while it grows.
type history struct {
	*stage
	last     int64
	entries  map[string][]release.Entry
	states   map[string]release.State
	standing release.Standing
}

func (s *stage) newHistory() *history {
	return &history{stage: s, entries: map[string][]release.Entry{}, states: map[string]release.State{}}
}

// follow takes in what was recorded since, and checks it. An error means that
// the journal could not be read just now.
func (h *history) follow(ctx context.Context) error {
	j, err := sqlite.Open(ctx, h.path("journal", "journal.db"), sqlite.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer j.Close()
	records, err := j.Records(ctx, store.Query{After: h.last})
	if err != nil {
		return err
	}
	for _, r := range records {
		h.take(r)
	}
	return nil
}

// take folds one record.
func (h *history) take(r store.Record) {
	if r.Seq != h.last+1 {
		h.broke("I5: record %d follows record %d", r.Seq, h.last)
	}
	h.last = r.Seq
	e, err := engine.Decode(r)
	if err != nil {
		h.broke("I5: %v", err)
		return
	}
	before := h.states[r.Release]
	after, err := release.Fold(before, e)
	if err != nil {
		h.broke("I5: fold record %d: %v", r.Seq, err)
		return
	}
	for _, v := range checkRecord(h.standing, before, after, e) {
		h.broke("record %d of %s: %v", r.Seq, r.Release, v)
	}
	h.states[r.Release] = after
	h.standing = release.FoldStanding(h.standing, e, after)
	h.entries[r.Release] = append(h.entries[r.Release], e)
}

// checkRecord tests a record against what must hold of it whatever the world
// was that it was written in.
func checkRecord(stands release.Standing, before, after release.State, e release.Entry) []release.Violation {
	var vs []release.Violation
	say := func(invariant, format string, args ...any) {
		vs = append(vs, release.Violation{Invariant: invariant, Detail: fmt.Sprintf(format, args...)})
	}
	switch ev := e.Event.(type) {
	case release.RecordedPlan:
		if stands.Active != "" {
			say("I4", "it begins while %s is under way", stands.Active)
		}
	case release.Entered:
		if gone := ev.Phase == release.Contracting || ev.Phase == release.Done; gone && !before.NoReturn && !before.Plan.First() {
			say("I3", "%s without the point of no return on record", ev.Phase)
		}
		if ev.Phase == release.Reverting && before.NoReturn {
			say("I3", "taken back after the point of no return")
		}
		if forward := ev.Phase == release.Soaking || ev.Phase == release.Standby; forward && before.Verdict.Kind == release.Failing && !before.Next && !before.Promote {
			say("I8", "promoted although the last verdict on record is failing: %s", before.Verdict.Reason)
		}
	case release.Intended:
		switch a := ev.Action; {
		case a.Kind == release.ActContract && !before.NoReturn:
			say("I2", "contract before the point of no return")
		case a.Kind == release.ActRevertSchema && before.Contracted:
			say("I2", "revert of a schema that was contracted")
		case a.Kind == release.ActStop && a.Side == before.Plan.From.Side && !before.NoReturn && !before.Plan.First() && !before.Phase.Ended():
			// In preflight what is left over may lie on the incoming side alone.
			say("I2", "the old side is stopped in %s, before the point of no return", before.Phase)
		}
	case release.Ended:
		if ev.Outcome == release.RolledBack && after.NoReturn {
			say("I3", "rolled back after the point of no return")
		}
	}
	return vs
}

// prove checks the whole journal at the end.
func (h *history) prove(ctx context.Context) {
	if err := h.follow(ctx); err != nil {
		h.broke("I5: read the journal: %v", err)
		return
	}
	j, err := sqlite.Open(ctx, h.path("journal", "journal.db"), sqlite.Options{ReadOnly: true})
	if err != nil {
		h.broke("I5: open the journal: %v", err)
		return
	}
	defer j.Close()
	if _, err := j.Audit(ctx); err != nil {
		h.broke("I5: the journal does not verify: %v", err)
	}
	for name, entries := range h.entries {
		for _, v := range release.CheckHistory(entries) {
			h.broke("%s: %v", name, v)
		}
		for _, p := range h.states[name].Pending {
			h.broke("%s: I5: the intent %s (%s) has no result", name, p.Key, p.Action)
		}
	}
}
