package release

import "slices"

// TLS says how a front proves who it is and keeps others from listening in.
// It names files and never has anything of them. Either Certificate and Key
// are set, or ACME.
type TLS struct {
	// Certificate and Key are absolute paths of PEM files.
	Certificate string `json:"certificate,omitempty"`
	Key         string `json:"key,omitempty"`
	// ACME has certificates fetched from an authority.
	ACME *ACME `json:"acme,omitempty"`
	// Clients asks users for a certificate of their own; nil does not.
	Clients *ClientCertificates `json:"clients,omitempty"`
	// MinVersion is "1.3", or "1.2" or empty for 1.2.
	MinVersion string `json:"minVersion,omitempty"`
	// Redirect is host:port where plain HTTP is told to come back by https.
	Redirect string `json:"redirect,omitempty"`
}

// ACME says who gives out certificates, and for what (RFC 8555).
type ACME struct {
	// Directory is the URL that the authority's service begins at.
	Directory string `json:"directory"`
	// Email is where the authority reports trouble; empty for nowhere.
	Email string `json:"email,omitempty"`
	// Domains are the names to get certificates for, each its own.
	Domains []string `json:"domains"`
	// Trust is the path of PEM with the authorities that sign the service's
	// own certificate; empty for those this machine trusts.
	Trust string `json:"trust,omitempty"`
	// AcceptTerms says that somebody agreed to the authority's terms.
	AcceptTerms bool `json:"acceptTerms"`
}

// ClientCertificates says whose certificates users may show.
type ClientCertificates struct {
	// Authorities is the path of PEM with those who sign them.
	Authorities string `json:"authorities"`
	// Require turns users without one away.
	Require bool `json:"require,omitempty"`
}

// Protocol is what instances are spoken to in.
type Protocol string

// The protocols. The empty one is HTTP/1.1 too.
const (
	HTTP1 Protocol = "http1"
	// H2C is HTTP/2 without TLS, and without asking first.
	H2C Protocol = "h2c"
)

// Valid reports whether p is one of the protocols or empty.
func (p Protocol) Valid() bool { return p == "" || p == HTTP1 || p == H2C }

// Same reports whether both ask for the same. Either may be nil.
func (t *TLS) Same(o *TLS) bool {
	if t == nil || o == nil {
		return t == o
	}
	return t.Certificate == o.Certificate && t.Key == o.Key && t.MinVersion == o.MinVersion && t.Redirect == o.Redirect &&
		t.Clients.Same(o.Clients) && t.ACME.same(o.ACME)
}

// Same reports whether both let in the same clients. Either may be nil.
func (c *ClientCertificates) Same(o *ClientCertificates) bool {
	if c == nil || o == nil {
		return c == o
	}
	return *c == *o
}

func (a *ACME) same(o *ACME) bool {
	if a == nil || o == nil {
		return a == o
	}
	return a.SameIssuer(o) && slices.Equal(a.Domains, o.Domains)
}

// SameIssuer reports whether both ask the same authority in the same way.
// Neither may be nil.
func (a *ACME) SameIssuer(o *ACME) bool {
	return a.Directory == o.Directory && a.Email == o.Email && a.Trust == o.Trust && a.AcceptTerms == o.AcceptTerms
}
