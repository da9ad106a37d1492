package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"cutover/internal/release"
	"cutover/internal/store"
)

// book is the journal folded: every release and every app as it stands. It is
// rebuilt from the records at each start and never trusts anything else.
type book struct {
	journal   store.Journal
	head      store.Head
	releases  map[string]release.State
	standings map[string]release.Standing
	// doubtful says that an append failed, so that the journal may hold more
	// than the book.
	doubtful bool
}

// openBook folds the whole journal. A record it cannot read ends it with an
// error that names the record.
func openBook(ctx context.Context, j store.Journal) (*book, error) {
	b := &book{journal: j, releases: map[string]release.State{}, standings: map[string]release.Standing{}}
	head, err := j.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the journal's head: %w", err)
	}
	records, err := j.Records(ctx, store.Query{})
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	for _, r := range records {
		if err := b.fold(r); err != nil {
			return nil, &UnreadableError{Seq: r.Seq, Err: err}
		}
	}
	if len(records) > 0 {
		last := records[len(records)-1]
		head = store.Head{Seq: last.Seq, Hash: last.Hash}
	}
	b.head = head
	return b, nil
}

func (b *book) fold(r store.Record) error {
	e, err := Decode(r)
	if err != nil {
		return err
	}
	st, standing, err := b.after(r.App, r.Release, e)
	if err != nil {
		return err
	}
	b.keep(r.App, r.Release, st, standing)
	return nil
}

// after returns what the event would make of its release and its app.
func (b *book) after(app, name string, e release.Entry) (release.State, release.Standing, error) {
	var st release.State
	if name != "" {
		var err error
		if st, err = release.Fold(b.releases[name], e); err != nil {
			return st, release.Standing{}, err
		}
	}
	standing := b.standings[app]
	standing.App = app
	return st, release.FoldStanding(standing, e, st), nil
}

func (b *book) keep(app, name string, st release.State, standing release.Standing) {
	if name != "" {
		b.releases[name] = st
	}
	b.standings[app] = standing
}

// append records one event durably and only then takes it in, in the shape in
// which a later controller will read it.
func (b *book) append(ctx context.Context, lease store.Lease, app, name, actor string, at time.Time, ev release.Event) error {
	kind, data, err := encode(ev)
	if err != nil {
		return err
	}
	record := store.Record{Seq: b.head.Seq + 1, App: app, Release: name, Type: kind, Version: eventVersion,
		At: at.Round(0).UTC(), Actor: actor, Data: data}
	e, err := Decode(record)
	if err != nil {
		return err
	}
	st, standing, err := b.after(app, name, e)
	if err != nil {
		return err
	}
	states, err := encodeStates(app, name, st, standing)
	if err != nil {
		return err
	}
	head, err := b.journal.Append(ctx, lease, b.head.Seq, []store.Record{record}, states)
	if err != nil {
		b.doubtful = true
		return fmt.Errorf("append record %d (%s): %w", e.Seq, kind, err)
	}
	b.head = head
	b.keep(app, name, st, standing)
	return nil
}

func encodeStates(app, name string, st release.State, standing release.Standing) ([]store.State, error) {
	body, err := json.Marshal(standing)
	if err != nil {
		return nil, fmt.Errorf("encode the standing of %s: %w", app, err)
	}
	states := []store.State{{Key: "app/" + app, Body: body}}
	if name != "" {
		if body, err = json.Marshal(st); err != nil {
			return nil, fmt.Errorf("encode the state of %s: %w", name, err)
		}
		states = append(states, store.State{Key: "release/" + name, Body: body})
	}
	return states, nil
}

// current returns the release that decides for an app now: the one under way,
// else the one that brought in what stands.
func (b *book) current(app string) (release.State, bool) {
	s := b.standings[app]
	name := s.Active
	if name == "" {
		name = s.Plan.Release
	}
	st, ok := b.releases[name]
	return st, ok
}

// pending returns the intents without a result of all releases of an app.
func (b *book) pending(app string) []release.Intended {
	var list []release.Intended
	for _, s := range b.releases {
		if s.App == app {
			list = append(list, s.Pending...)
		}
	}
	return list
}

// history returns all releases, oldest first.
func (b *book) history() []release.State {
	list := make([]release.State, 0, len(b.releases))
	for _, s := range b.releases {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, c release.State) int { return a.StartedAt.Compare(c.StartedAt) })
	return list
}
