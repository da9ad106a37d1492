package certificate

import "time"

// Soon is how long before its end a certificate is warned of.
const Soon = 14 * 24 * time.Hour

// Status is how one app's certificate stands.
type Status struct {
	App string `json:"app"`
	// Listen is the address it is served on.
	Listen string `json:"listen"`
	// Source is the path of the file, or the authority it is ordered from.
	Source string `json:"source"`
	// Names are those that the certificate stands for, or that were asked for
	// while there is none.
	Names []string `json:"names,omitempty"`
	// Until is when it ends; zero while there is none.
	Until time.Time `json:"until,omitzero"`
	// Problem says what is wrong, and what is served meanwhile; empty for
	// nothing.
	Problem string `json:"problem,omitempty"`
}

// EndsSoon reports whether the certificate ends within Soon, or has ended.
func (s Status) EndsSoon(now time.Time) bool {
	return !s.Until.IsZero() && s.Until.Sub(now) < Soon
}
