package mirror

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"cutover/internal/release"
	"cutover/internal/shadow/record"
)

// listener gets a share of an app's requests, without their secrets.
type listener struct {
	app    string
	share  release.Weight
	wanted record.Wanted
	left   *record.Left
	// budget bounds the bodies that wait.
	budget budget
	in     chan heard
	out    chan record.Request
	done   chan struct{}
}

// heard is a request as it came in, with a body out of the listener's budget.
type heard struct {
	raw  record.Raw
	body body
}

const (
	// behind is how many requests a listener may be behind, heardBytes how many
	// bytes their bodies may have.
	behind     = 256
	heardBytes = 4 << 20
)

// Listen returns a share of the wanted requests of an app as they come in,
// masked, until stop is called. What is left out is counted in left, which may
// be nil; a listener that is slow misses some.
func (m *Mirror) Listen(app string, share release.Weight, wanted record.Wanted, left *record.Left) (requests <-chan record.Request, stop func()) {
	l := &listener{app: app, share: share, wanted: wanted, left: left,
		in: make(chan heard, behind), out: make(chan record.Request), done: make(chan struct{})}
	l.budget.left.Store(heardBytes)
	go l.mask()
	m.change(func(all []*listener) []*listener { return append(slices.Clone(all), l) })
	return l.out, func() {
		m.change(func(all []*listener) []*listener {
			return slices.DeleteFunc(slices.Clone(all), func(o *listener) bool { return o == l })
		})
		close(l.done)
	}
}

func (m *Mirror) change(to func([]*listener) []*listener) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := to(*m.listeners.Load())
	m.listeners.Store(&next)
}

// tell hands a request without a body to those who listen.
func (m *Mirror) tell(app string, r *http.Request) {
	if r.ContentLength != 0 {
		return // Hear does
	}
	for _, l := range *m.listeners.Load() {
		if l.wants(app, r) {
			l.tell(heard{raw: record.RawOf(r, time.Now())})
		}
	}
}

// wants draws whether a request is recorded.
func (l *listener) wants(app string, r *http.Request) bool {
	return l.app == app && l.wanted.Wants(r) && release.Weight(rand.IntN(int(release.All))) < l.share
}

// tell never waits.
func (l *listener) tell(h heard) {
	select {
	case l.in <- h:
	default:
		h.free()
		l.left.Out(record.ErrMissed)
	}
}

// mask takes secrets out, so that no request of a user waits for it.
func (l *listener) mask() {
	for {
		select {
		case <-l.done:
			return
		case h := <-l.in:
			h.raw.Body = h.body.bytes
			kept, err := l.wanted.Keep(h.raw)
			h.free()
			if err != nil {
				l.left.Out(err)
				continue
			}
			select {
			case l.out <- kept:
			case <-l.done:
				return
			}
		}
	}
}

func (h *heard) free() {
	if h.body.from != nil {
		h.body.free()
	}
}
