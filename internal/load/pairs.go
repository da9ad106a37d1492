package load

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
)

// SyntheticHeader is what requests carry, with the value 1, that are sent
// beside the users' own: whoever counts users can leave them out.
const SyntheticHeader = "Cutover-Synthetic"

// Pairs plays the scenarios of a plan one iteration at a time, each on two
// sides. Whoever uses it says when, and keeps the time between. Close it.
type Pairs struct {
	program *program
	slots   int
	sides   [2]*side

	mu    sync.Mutex
	users map[seat]*user
}

// seat is where a user sits: each has one on either side of a pair.
type seat struct {
	side int
	url  string
	slot int
}

// The sides of a pair.
const (
	PairTarget  = 0
	PairAgainst = 1
)

// Attempt is what became of an iteration on one side.
type Attempt struct {
	// Scenario is the one that was played.
	Scenario string
	// Fault is what ended it early, "" if all went well; Detail says more.
	Fault  Fault
	Detail string
	// Took is how long its answers took, without pauses and logins.
	Took time.Duration
	// Cut says that it was called off before its end.
	Cut bool
}

// NewPairs makes the scenarios of a plan ready; its targets, model and stages
// count for nothing. slots is how many pairs may be under way. The error says
// what is wrong with the plan, or which reference cannot be resolved.
func NewPairs(p Plan, slots int) (*Pairs, error) {
	p = p.complete()
	p.InFlight = slots
	if flaws := p.Flaws(); len(flaws) > 0 {
		return nil, fmt.Errorf("check the load: %w", flaws)
	}
	ready, err := compile(p)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &Pairs{program: ready, slots: slots, users: map[seat]*user{},
		sides: [2]*side{ready.newSide(targetSide, nil, now), ready.newSide(againstSide, nil, now)}}, nil
}

// Play plays iteration n on one side of a pair, at an address (scheme, host,
// port), and returns when it is over or ctx has ended. Both sides of n get the
// same scenario, data, user number and choices. No two iterations that are a
// multiple of the slots apart may be under way at once.
func (d *Pairs) Play(ctx context.Context, side, n int, address string) Attempt {
	it := newIteration(n, time.Now(), d.program.plan.Seed, uint64(n))
	index := d.program.pick(it.chance)
	u, err := d.user(seat{side, address, n % d.slots})
	a := Attempt{Scenario: d.program.scenarios[index].title()}
	if err != nil {
		a.Fault, a.Detail = LocalFault, err.Error()
		return a
	}
	v := &visit{user: u, load: &load{program: d.program, began: it.due, soft: ctx, hard: ctx}, scenario: &d.program.scenarios[index],
		iteration: it, due: it.due}
	how := v.run(index)
	a.Took, a.Cut = v.spent, how == cut
	if v.wrong != nil {
		a.Fault, a.Detail = v.wrong.fault, v.wrong.detail
	}
	return a
}

// title is what people know a scenario by: a single request by its own name.
func (s scenario) title() string {
	if len(s.login) == 0 && len(s.steps) == 1 && s.steps[0].call != nil {
		return s.steps[0].call.name
	}
	return s.name
}

// user returns who sits there.
func (d *Pairs) user(at seat) (*user, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if u := d.users[at]; u != nil {
		return u, nil
	}
	base, err := url.Parse(at.url)
	if err != nil {
		return nil, fmt.Errorf("read the address: %w", err)
	}
	own := *d.program
	own.plan.Allow = []string{base.Hostname()} // and nowhere else
	h := &host{name: at.url, root: strings.TrimSuffix(at.url, "/"), base: base, transport: own.newTransport(base.Hostname()), side: d.sides[at.side]}
	d.sides[at.side].tally.admit(h)
	u := newUser(at.slot, h)
	d.users[at] = u
	return u, nil
}

// Retain lets users go from all addresses but these. No iteration may be under
// way elsewhere.
func (d *Pairs) Retain(addresses []string) {
	keep := map[string]bool{}
	for _, a := range addresses {
		keep[a] = true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for at, u := range d.users {
		if !keep[at.url] {
			u.at.transport.CloseIdleConnections()
			d.sides[at.side].tally.dismiss(u.at)
			delete(d.users, at)
		}
	}
}

// Close lets all users go. No iteration may be under way.
func (d *Pairs) Close() { d.Retain(nil) }

// admit opens an account for a target that came later.
func (t *tally) admit(h *host) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hosts[h] = newRow(h.name)
}

// dismiss closes it.
func (t *tally) dismiss(h *host) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.hosts, h)
}
