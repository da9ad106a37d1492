package board

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"

	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

const (
	// PrivateHeader carries the secret that leads to the private side. Lanes
	// remove it before they pass a request on.
	PrivateHeader = "Cutover-Private"
	// CookieName is the cookie that keeps a user on a side where the route
	// names none of the app's own.
	CookieName = "cutover"
)

// Request is what the board needs to know of a request, whatever the lane.
type Request interface {
	// Host is the Host header, with or without a port; Path is the target's.
	Host() string
	Path() string
	// Header and Cookie return the first value, "" for none.
	Header(name string) string
	Cookie(name string) string
}

// Refusal is why a request is not served.
type Refusal struct {
	// Status is the HTTP status to answer with, Reason the text.
	Status int
	Reason string
}

// Admit decides who serves r, which came in on listen, and counts it in
// flight there. The caller must call the Claim's Close exactly once.
func (b *Board) Admit(listen string, r Request) (*Claim, *Refusal) {
	fresh := "" // one id for all rounds of the loop
	for {
		l := b.now.Load()
		hit, ok := l.index.Find(listen, r.Host(), r.Path())
		if !ok {
			b.unrouted.Add(1)
			return nil, &Refusal{http.StatusNotFound, fmt.Sprintf("no app is served for host %q and path %q on %s", r.Host(), r.Path(), listen)}
		}
		s := l.services[hit.Service]
		side, refusal := s.choose(hit, r, &fresh)
		if refusal != nil {
			b.unrouted.Add(1)
			return nil, refusal
		}
		if c, ok := b.claim(l, s, side); ok {
			if s.sendsCookie(hit, fresh) {
				c.NewCookie = fresh
			}
			return c, nil
		}
	}
}

// claim counts the request in flight and then looks whether the table is
// still the same one. If not, the switch may have missed it: the caller
// starts again.
func (b *Board) claim(l *live, s *service, side release.Side) (*Claim, bool) {
	s.unsent.Add(1)
	a := s.sides.Of(side)
	entry, ok := a.ledger.Open(func() bool { return b.now.Load() == l })
	if !ok {
		s.unsent.Add(-1)
		return nil, false
	}
	return &Claim{service: s, arm: a, entry: entry}, true
}

func (s *service) choose(hit route.Hit, r Request, fresh *string) (release.Side, *Refusal) {
	private := s.route.Route.Private
	if hit.Private {
		if private == release.NoSide {
			return private, &Refusal{http.StatusServiceUnavailable, fmt.Sprintf("app %s has no private side now", s.route.App)}
		}
		return private, nil
	}
	if private != release.NoSide && s.knows(r.Header(PrivateHeader)) {
		return private, nil
	}
	side := s.route.SideAt(s.position(r, fresh))
	if side == release.NoSide {
		return side, &Refusal{http.StatusServiceUnavailable, fmt.Sprintf("app %s serves nothing yet", s.route.App)}
	}
	return side, nil
}

// knows compares by hash and in constant time.
func (s *service) knows(secret string) bool {
	if secret == "" || s.secret == nil {
		return false
	}
	hash := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(hash[:], s.secret) == 1
}

// position places the user on the scale. Without a split every position
// means the same side, so no id is drawn.
func (s *service) position(r Request, fresh *string) release.Weight {
	sticky := s.route.Route.Front.Sticky
	switch {
	case !s.route.Split():
		return 0
	case sticky.Off:
		return route.Scale(random())
	}
	if sticky.Header != "" {
		if key := r.Header(sticky.Header); key != "" {
			return route.Position(s.seed, key)
		}
	}
	if sticky.Cookie != "" {
		if key := r.Cookie(sticky.Cookie); key != "" {
			return route.Position(s.seed, key)
		}
	}
	if key := r.Cookie(CookieName); key != "" {
		return route.Position(s.seed, key)
	}
	if *fresh == "" {
		*fresh = newID()
	}
	return route.Position(s.seed, *fresh)
}

// sendsCookie: an id that decided nothing, as on the private way in, is not
// worth a cookie.
func (s *service) sendsCookie(hit route.Hit, fresh string) bool {
	return fresh != "" && !hit.Private && s.route.Split() && !s.route.Route.Front.Sticky.Off
}

func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: it ends the program instead
	return hex.EncodeToString(b[:])
}

func random() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])
}
