package route

import (
	"bytes"
	"encoding/json"

	"cutover/internal/release"
)

// Service is what the proxy serves for one app.
type Service struct {
	// App is unique in a table.
	App string `json:"app"`
	// Generation is the table's generation in which this service last changed.
	Generation uint64        `json:"generation"`
	Route      release.Route `json:"route"`
	// SecretHash is the hex SHA-256 of the value that, sent in the header
	// Cutover-Private, leads to the private side. Empty means that no value
	// does. The secret itself is known to the control plane only.
	SecretHash string `json:"secretHash,omitempty"`
}

// SideAt returns the side that serves position, 0..9999. Green takes the low
// end of the scale as far as its weight reaches and blue the rest, so raising
// either side's weight moves users to that side and nobody away from it. It
// returns NoSide while nothing may be served.
func (s *Service) SideAt(position release.Weight) release.Side {
	blue, green := s.Route.Sides.Blue.Weight, s.Route.Sides.Green.Weight
	switch {
	case blue == release.None && green == release.None:
		return release.NoSide
	case position < green:
		return release.Green
	}
	return release.Blue
}

// Split reports whether both sides get a share.
func (s *Service) Split() bool {
	return s.Route.Sides.Blue.Weight > release.None && s.Route.Sides.Green.Weight > release.None
}

// Same reports whether both mean the same, whatever their generations.
func (s Service) Same(o Service) bool {
	s.Generation, o.Generation = 0, 0
	a, errA := json.Marshal(s)
	b, errB := json.Marshal(o)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}
