package board

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"

	"cutover/internal/proxy/ledger"
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
	// Address is the client's, without a port, as far as it can be known when
	// those in trust are believed.
	Address(trust route.Trust) string
}

// Refusal is why a request is not served.
type Refusal struct {
	// Status is the HTTP status to answer with, Reason the text.
	Status int
	Reason string
	// Pages are those of the app that was asked, nil if there is none.
	Pages *release.Pages
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
			return nil, &Refusal{Status: http.StatusNotFound, Reason: fmt.Sprintf("no app is served here for host %q and path %q", r.Host(), r.Path())}
		}
		s := l.services[hit.Service]
		side, by, refusal := s.choose(hit, r, &fresh)
		if refusal != nil {
			b.unrouted.Add(1)
			return nil, refusal
		}
		if c, ok := b.claim(l, s, side, by); ok {
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
func (b *Board) claim(l *live, s *service, side release.Side, by ledger.Visitor) (*Claim, bool) {
	s.unsent.Add(1)
	a := s.sides.Of(side)
	entry, ok := a.ledger.Open(by, func() bool { return b.now.Load() == l })
	if !ok {
		s.unsent.Add(-1)
		return nil, false
	}
	return &Claim{board: b, service: s, arm: a, entry: entry, tester: by.Tester}, true
}

func (s *service) choose(hit route.Hit, r Request, fresh *string) (release.Side, ledger.Visitor, *Refusal) {
	private, tester := s.route.Route.Private, ledger.Visitor{Tester: true}
	if hit.Private {
		if private == release.NoSide {
			return private, tester, &Refusal{Status: http.StatusServiceUnavailable, Reason: fmt.Sprintf("app %s has no private side now", s.route.App)}
		}
		return private, tester, nil
	}
	if private != release.NoSide && s.knows(r.Header(PrivateHeader)) {
		return private, tester, nil
	}
	client := s.client(r, fresh)
	side := s.route.SideAt(route.Scale(client))
	if side == release.NoSide {
		return side, ledger.Visitor{}, &Refusal{http.StatusServiceUnavailable, fmt.Sprintf("app %s serves nothing now", s.route.App), s.route.Route.Front.Pages}
	}
	return side, ledger.Visitor{Client: client}, nil
}

// knows compares by hash and in constant time.
func (s *service) knows(secret string) bool {
	if secret == "" || s.secret == nil {
		return false
	}
	hash := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(hash[:], s.secret) == 1
}

// client returns a number for the client, whose place on the scale decides its
// side: the same for each of its requests that brings a key, else a new one for
// each request. Without a split every place means the same side, so no key is
// drawn, and clients without one are told apart by their address.
func (s *service) client(r Request, fresh *string) uint64 {
	split, sticky := s.route.Split(), s.route.Route.Front.Sticky
	key := ""
	switch {
	case sticky.Off && split:
		return random()
	case !sticky.Off:
		key = s.key(r)
	}
	switch {
	case key != "":
	case !split:
		key = r.Address(s.trust)
	default:
		if *fresh == "" {
			*fresh = newID()
		}
		key = *fresh
	}
	return route.Hash(s.seed, key)
}

// key is what the request brings to be known by, "" for nothing.
func (s *service) key(r Request) string {
	sticky := s.route.Route.Front.Sticky
	if sticky.Header != "" {
		if key := r.Header(sticky.Header); key != "" {
			return key
		}
	}
	if sticky.Cookie != "" {
		if key := r.Cookie(sticky.Cookie); key != "" {
			return key
		}
	}
	return r.Cookie(CookieName)
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
