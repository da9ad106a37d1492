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
	app   string
	share release.Weight
	mask  record.Mask
	out   chan record.Request
}

// heard is how many requests a listener may be behind.
const heard = 256

// Listen returns a share of the requests of an app as they come in, masked,
// until stop is called. A listener that is slow misses some.
func (m *Mirror) Listen(app string, share release.Weight, mask record.Mask) (requests <-chan record.Request, stop func()) {
	l := &listener{app: app, share: share, mask: mask, out: make(chan record.Request, heard)}
	m.change(func(all []*listener) []*listener { return append(slices.Clone(all), l) })
	return l.out, func() {
		m.change(func(all []*listener) []*listener {
			return slices.DeleteFunc(slices.Clone(all), func(o *listener) bool { return o == l })
		})
	}
}

func (m *Mirror) change(to func([]*listener) []*listener) {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := to(*m.listeners.Load())
	m.listeners.Store(&next)
}

// tell hands a request to those who listen.
func (m *Mirror) tell(app string, r *http.Request) {
	for _, l := range *m.listeners.Load() {
		if l.app != app || release.Weight(rand.IntN(int(release.All))) >= l.share {
			continue
		}
		kept, ok := record.Of(r, time.Now(), l.mask)
		if !ok {
			continue
		}
		select {
		case l.out <- kept:
		default:
		}
	}
}
