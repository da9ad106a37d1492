package keyring

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"cutover/internal/certificate"
	"cutover/internal/proxy/issuer"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// door is one address.
type door struct {
	purpose     route.Door
	choices     []choice // by name of app
	authorities *authorityFile
	config      atomic.Pointer[tls.Config]
}

// choice is what one app brings to an address.
type choice struct {
	app   string
	hosts []string
	file  *pairFile     // nil with acme
	acme  *release.ACME // nil with file
}

func newDoor(p route.Door) *door { return &door{purpose: p} }

// Kind says what clients of a door have to be let in by. Connections of one
// kind must not go on where a table asks for another. With TLS it has the
// limits that net/http itself applies, to HTTP/2: it reads them only once.
func Kind(d route.Door) string {
	switch {
	case d.Redirect != "":
		return "redirect"
	case d.TLS == nil:
		return "plain"
	}
	kind := fmt.Sprintf("tls %s, %d bytes, %s", d.TLS.MinVersion, d.Limits.HeaderBytes, d.Limits.Idle)
	if d.TLS.Clients != nil {
		kind += fmt.Sprintf(" %+v", *d.TLS.Clients)
	}
	return kind
}

// Kind returns the kind of an address of the table that is followed.
func (r *Ring) Kind(addr string) string {
	if d := (*r.doors.Load())[addr]; d != nil {
		return Kind(d.purpose)
	}
	return ""
}

// Config returns how to speak TLS on an address, nil if it speaks plain HTTP.
// It goes with the files and the table: one that leaves the table, or turns
// plain, answers no handshake any more.
func (r *Ring) Config(addr string) *tls.Config {
	if d := (*r.doors.Load())[addr]; d == nil || d.purpose.TLS == nil {
		return nil
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			d := (*r.doors.Load())[addr]
			if d == nil || d.purpose.TLS == nil {
				return nil, fmt.Errorf("%s does not speak TLS any more", addr)
			}
			if slices.Equal(hello.SupportedProtos, []string{issuer.ProofProtocol}) {
				return r.proof(d)
			}
			if c := d.config.Load(); c != nil {
				return c, nil
			}
			return nil, errors.New("the authorities for clients' certificates cannot be read, so nobody can be believed")
		},
	}
}

// configure makes what handshakes on an address go by; nil if there must be
// none.
func (r *Ring) configure(addr string, d *door) *tls.Config {
	c := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return r.choose(addr, d, hello) },
	}
	if d.purpose.TLS.MinVersion == "1.3" {
		c.MinVersion = tls.VersionTLS13
	}
	clients := d.purpose.TLS.Clients
	if clients == nil {
		return c
	}
	held := d.authorities.held.Load()
	if held == nil {
		return nil
	}
	c.ClientCAs, c.ClientAuth = held.Pool, tls.VerifyClientCertIfGiven
	if clients.Require {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	c.VerifyConnection = stillBelieved(held.Pool)
	return c
}

// stillBelieved has a resumed connection pass the authorities as they are now:
// its client was believed when it came for the first time.
func stillBelieved(pool *x509.CertPool) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		if !s.DidResume || len(s.PeerCertificates) == 0 {
			return nil
		}
		between := x509.NewCertPool()
		for _, c := range s.PeerCertificates[1:] {
			between.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: pool, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		return err
	}
}

// choose picks the certificate for the name a client asks for: of the app
// that answers that host, else of any app on the address. A client that asks
// for no name, or for one that nobody has, is shown the first one from a file,
// and sees for itself that it does not fit; where there is none it gets none.
func (r *Ring) choose(addr string, d *door, hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	var other, first *tls.Certificate
	for _, c := range d.choices {
		held := r.of(c, name)
		switch {
		case held == nil:
			continue
		case first == nil && c.file != nil:
			first = held
		}
		if name == "" || !certificate.Covers(held.Leaf, name) {
			continue
		}
		if answers(c.hosts, name) {
			return held, nil
		}
		if other == nil {
			other = held
		}
	}
	switch {
	case other != nil:
		return other, nil
	case first != nil:
		return first, nil
	}
	return nil, fmt.Errorf("there is no certificate for %q on %s", name, addr)
}

func (r *Ring) of(c choice, name string) *tls.Certificate {
	if c.acme != nil {
		if !slices.Contains(c.acme.Domains, name) {
			return nil
		}
		return r.keeper.Certificate(name)
	}
	if held := c.file.held.Load(); held != nil {
		return held.TLS
	}
	return nil
}

func answers(hosts []string, name string) bool {
	return len(hosts) == 0 || slices.Contains(hosts, name)
}

// proof answers an authority that looks whether a domain is ours. No request
// ever comes over such a connection.
func (r *Ring) proof(d *door) (*tls.Config, error) {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{issuer.ProofProtocol},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			for _, c := range d.choices {
				if c.acme == nil || !slices.Contains(c.acme.Domains, hello.ServerName) {
					continue
				}
				if proof := r.keeper.ProofCertificate(hello.ServerName); proof != nil {
					return proof, nil
				}
			}
			return nil, fmt.Errorf("no certificate for %q is being ordered", hello.ServerName)
		},
	}, nil
}
