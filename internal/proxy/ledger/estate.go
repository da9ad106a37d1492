package ledger

import (
	"time"

	"cutover/internal/analysis"
	"cutover/internal/release"
)

// Estate is what one process knows of the users of every app, for another
// process to go on with.
type Estate map[string]Legacy

// Legacy is what is known of one app's users.
type Legacy struct {
	Sides release.Sides[Known] `json:"sides"`
	// Whom the crowd remembers, see Experience.
	Seen  []analysis.Remembered `json:"seen,omitempty"`
	Timed []analysis.Remembered `json:"timed,omitempty"`
	Bad   []analysis.Remembered `json:"bad,omitempty"`
	Badly []analysis.Remembered `json:"badly,omitempty"`
}

// Known is what was counted of one side's users.
type Known struct {
	Requests   uint64         `json:"requests,omitempty"`
	Bad        uint64         `json:"bad,omitempty"`
	BadClients uint64         `json:"badClients,omitempty"`
	Clients    recent         `json:"clients"`
	BadNow     recent         `json:"badNow"`
	Latency    []release.Took `json:"latency,omitempty"`
}

// HandOver stops counting users and returns what was counted. From then on
// what happens to them is kept for Events. The requests are counted on.
func (b *Book) HandOver() Estate {
	b.mu.Lock()
	defer b.mu.Unlock()
	estate := Estate{}
	if b.handed == nil {
		b.handed = &errand{}
	}
	for app, sides := range b.apps {
		estate[app] = (*pair)(sides).handOver(b.handed)
	}
	return estate
}

// pair is the ledger of both sides of one app.
type pair release.Sides[Side]

func (p *pair) lock()   { p.Blue.mu.Lock(); p.Green.mu.Lock() }
func (p *pair) unlock() { p.Green.mu.Unlock(); p.Blue.mu.Unlock() }

func (p *pair) handOver(to *errand) Legacy {
	p.lock()
	defer p.unlock()
	p.Blue.handed, p.Green.handed = to, to
	c, now := p.Blue.people(), time.Now()
	return Legacy{
		Sides: release.Sides[Known]{Blue: p.Blue.users.known(), Green: p.Green.users.known()},
		Seen:  c.remembers(&c.seen, now), Timed: c.remembers(&c.timed, now),
		Bad: c.remembers(&c.bad, now), Badly: c.remembers(&c.badly, now),
	}
}

// TakeBack counts users again, also those since HandOver.
func (b *Book) TakeBack() {
	b.mu.Lock()
	handed := b.handed
	b.handed = nil
	for _, sides := range b.apps {
		p := (*pair)(sides)
		p.lock()
		p.Blue.handed, p.Green.handed = nil, nil
		p.unlock()
	}
	b.mu.Unlock()
	if handed != nil {
		b.Count(handed.after(0))
	}
}

// Inherit goes on where another process stopped counting. It is called before
// the first request.
func (b *Book) Inherit(estate Estate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for app, l := range estate {
		p := (*pair)(b.of(app))
		p.lock()
		p.Blue.users.inherit(l.Sides.Blue)
		p.Green.users.inherit(l.Sides.Green)
		c := p.Blue.people()
		c.remember(&c.seen, analysis.OncePer, l.Seen)
		c.remember(&c.timed, timedPer, l.Timed)
		c.remember(&c.bad, badPer, l.Bad)
		c.remember(&c.badly, analysis.OncePer, l.Badly)
		p.unlock()
	}
}

// Events returns what has happened to users since HandOver, after the event
// with the number seq.
func (b *Book) Events(seq uint64) []Event {
	if handed := b.errand(); handed != nil {
		return handed.after(seq)
	}
	return nil
}

// Forget drops the events up to seq.
func (b *Book) Forget(seq uint64) {
	if handed := b.errand(); handed != nil {
		handed.forget(seq)
	}
}

func (b *Book) errand() *errand {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.handed
}

// Count books events of another process.
func (b *Book) Count(events []Event) {
	for _, ev := range events {
		if !ev.Side.Valid() {
			continue
		}
		s := b.Of(ev.App, ev.Side)
		s.mu.Lock()
		s.experienced(Visitor{Client: ev.Client}, ev)
		s.mu.Unlock()
	}
}

// Readings returns what all ledgers say now, by app.
func (b *Book) Readings() map[string]release.Sides[Reading] {
	b.mu.Lock()
	apps := map[string]*release.Sides[Side]{}
	for app, sides := range b.apps {
		apps[app] = sides
	}
	b.mu.Unlock()
	out := map[string]release.Sides[Reading]{}
	for app, sides := range apps {
		out[app] = release.Sides[Reading]{Blue: sides.Blue.Read(), Green: sides.Green.Read()}
	}
	return out
}

func (u *users) known() Known {
	k := Known{Requests: u.requests, Bad: u.bad, BadClients: u.badClients, Clients: u.clients, BadNow: u.badNow}
	k.Latency = u.took()
	return k
}

func (u *users) inherit(k Known) {
	u.requests, u.bad, u.badClients = k.Requests, k.Bad, k.BadClients
	u.clients, u.badNow = k.Clients, k.BadNow
	for _, t := range k.Latency {
		if t.Bin >= 0 && t.Bin < len(u.latency) {
			u.latency[t.Bin] = t.Count
		}
	}
}

func (c *crowd) remembers(of **analysis.Once, now time.Time) []analysis.Remembered {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *of == nil {
		return nil
	}
	return (*of).Remembers(now)
}

func (c *crowd) remember(of **analysis.Once, per time.Duration, all []analysis.Remembered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *of == nil {
		*of = analysis.NewOnce(per)
	}
	(*of).Remember(all)
}
