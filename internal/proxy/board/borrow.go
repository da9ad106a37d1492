package board

import (
	"strings"

	"cutover/internal/proxy/ledger"
	"cutover/internal/release"
)

// Borrow returns a claim on the other side for the asset at path, which c's
// side does not have, or nil if it must not be asked. A page that one version
// made wants its assets from that version, but its requests may come without
// what keeps the user on a side, or after all users have been moved.
//
// Only a side that serves users, or did before all of them were moved, is
// asked: never one that is still being brought in. Once a side is off the
// route it is asked no more, so it can be drained and stopped like any other.
// The caller closes one of the claims as answered and goes on with the other.
func (c *Claim) Borrow(path string) *Claim {
	if c.tester {
		return nil // who tries a version wants to see what it lacks
	}
	for {
		l := c.board.now.Load()
		s := l.service(c.App())
		if s == nil || !s.isAsset(path) {
			return nil
		}
		other := s.sides.Of(c.Side().Other())
		serves := s.route.Route.Sides.Of(other.side).Weight > release.None || s.route.Route.Private != other.side
		if !serves || len(other.endpoints) == 0 {
			return nil
		}
		if out, ok := c.board.claim(l, s, other.side, ledger.Visitor{Tester: true, Asset: true}); ok {
			out.NewCookie = c.NewCookie
			return out
		}
	}
}

func (s *service) isAsset(path string) bool {
	if strings.Contains(path, "/../") {
		return false
	}
	for _, folder := range s.route.Route.Front.Assets {
		if strings.HasPrefix(path, folder) {
			return true
		}
	}
	return false
}
