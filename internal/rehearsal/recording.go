package rehearsal

import (
	"cmp"
	"slices"
	"time"
)

// recording is what is known of the statements of one step.
type recording struct {
	statements []placed
	holds      []hold
	rewrites   map[uint32]bool
	// names are the tables and indexes of before the change; what is not
	// among them nobody uses yet.
	names map[uint32]string

	stacks map[int32][]*placed
	// held is what a transaction had at its last event, seen when that was.
	held map[transaction]map[heldLock]bool
	seen map[transaction]time.Time
}

// placed is a statement with when it began and the tables it locked.
type placed struct {
	Statement
	at    time.Time
	tx    transaction
	locks []heldLock
}

// hold is a lock from when it was taken to the end of its transaction.
type hold struct {
	heldLock
	tx       transaction
	from, to time.Time
}

// assemble makes statements and holds of what triggers and samples saw.
func assemble(names map[uint32]string, list []event, samples []*sample, ends map[transaction]time.Time) *recording {
	r := &recording{names: names, rewrites: map[uint32]bool{}, stacks: map[int32][]*placed{}, held: map[transaction]map[heldLock]bool{}, seen: map[transaction]time.Time{}}
	for _, e := range list {
		r.event(e, samples)
	}
	for _, s := range samples {
		r.sample(s)
	}
	for i := range r.holds {
		h := &r.holds[i]
		h.to = latest(h.from, r.seen[h.tx], ends[h.tx])
	}
	slices.SortStableFunc(r.statements, func(a, b placed) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.tx.pid, b.tx.pid)) })
	return r
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// event takes one row of the event triggers into account.
func (r *recording) event(e event, samples []*sample) {
	tx := transaction{e.pid, e.began}
	before := r.seen[tx]
	if before.IsZero() {
		before = e.began
	}
	fresh := r.fresh(tx, e.locks)
	r.seen[tx] = e.at
	stack := r.stacks[e.pid]
	var current *placed
	if len(stack) > 0 {
		current = stack[len(stack)-1]
	}
	switch {
	case e.kind == "start":
		if len(fresh) > 0 {
			r.between(e, before, fresh, samples)
		}
		r.stacks[e.pid] = append(stack, &placed{Statement: Statement{Tag: e.tag, Text: shown(e.query)}, at: e.at, tx: tx})
		return
	case current == nil:
		return
	case e.kind == "rewrite":
		for _, o := range e.objects {
			r.rewrites[o.OID] = true
			if name := r.names[o.OID]; name != "" {
				current.Rewrote = append(current.Rewrote, name)
			}
		}
	case e.kind == "drop":
		for _, o := range e.objects {
			current.Dropped = append(current.Dropped, o.Kind+" "+o.Name)
		}
	}
	r.take(current, fresh)
	if e.kind == "end" {
		for _, o := range e.objects {
			current.Objects = append(current.Objects, o.Kind+" "+o.Name)
		}
		current.Took = milliseconds(e.at.Sub(current.at))
		r.stacks[e.pid] = stack[:len(stack)-1]
		r.statements = append(r.statements, *current)
	}
}

// fresh returns which locks a transaction did not have yet, and notes them.
func (r *recording) fresh(tx transaction, locks []heldLock) []heldLock {
	held := r.held[tx]
	if held == nil {
		held = map[heldLock]bool{}
		r.held[tx] = held
	}
	var list []heldLock
	for _, l := range locks {
		if !held[l] && r.names[l.OID] != "" {
			list = append(list, l)
		}
		held[l] = true
	}
	slices.SortFunc(list, func(a, b heldLock) int {
		return cmp.Or(cmp.Compare(r.names[a.OID], r.names[b.OID]), cmp.Compare(rank(a.Mode), rank(b.Mode)))
	})
	return list
}

// take adds locks to the statement that took them.
func (r *recording) take(s *placed, fresh []heldLock) {
	for _, l := range fresh {
		s.locks = append(s.locks, l)
		s.Locks = append(s.Locks, Lock{Table: r.names[l.OID], Mode: l.Mode})
		r.holds = append(r.holds, hold{heldLock: l, tx: s.tx, from: s.at})
	}
}

// between makes a statement of locks that were there when the next one, whose
// event is given, began: LOCK and TRUNCATE take them and fire no event.
func (r *recording) between(next event, from time.Time, fresh []heldLock, samples []*sample) {
	s := placed{Statement: Statement{Text: "a statement that fires no event, such as LOCK or TRUNCATE", Took: milliseconds(next.at.Sub(from))},
		at: from, tx: transaction{next.pid, next.began}}
	for _, seen := range samples {
		if seen.transaction == s.tx && seen.query != "" && seen.query != next.query && slices.ContainsFunc(fresh, func(l heldLock) bool { return holds(seen.locks, l) }) {
			s.Text, s.Sampled, s.at, s.Took = shown(seen.query), true, seen.since, milliseconds(seen.last.Sub(seen.since))
			break
		}
	}
	r.take(&s, fresh)
	r.statements = append(r.statements, s)
}

// sample takes a sampled statement into account, as far as events did not say
// it already.
func (r *recording) sample(seen *sample) {
	fresh := r.fresh(seen.transaction, seen.locks)
	if len(fresh) == 0 {
		return
	}
	s := placed{Statement: Statement{Text: shown(seen.query), Took: max(milliseconds(seen.last.Sub(seen.since)), 0), Sampled: true}, at: seen.since, tx: seen.transaction}
	if s.Text == "" {
		s.Text = "a statement of another role"
	}
	r.take(&s, fresh)
	r.statements = append(r.statements, s)
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}
