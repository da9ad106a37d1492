package config

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"cutover/internal/release"
)

// TLS is how the app proves who it is to users, and keeps others from
// listening in. Certificates come from two files, or from an authority by ACME.
type TLS struct {
	// PEM with the certificate, then those it was signed by. It is read again when it changes.
	Certificate string `json:"certificate,omitempty" example:"/etc/ssl/shop.pem"`
	// PEM with its key, without a passphrase, that not every user of the machine may read.
	Key string `json:"key,omitempty" example:"/etc/ssl/private/shop.key"`
	// Have certificates fetched and renewed.
	ACME *ACME `json:"acme,omitempty"`
	// Ask users for certificates of their own.
	ClientCertificates *ClientCertificates `json:"clientCertificates,omitempty"`
	// The oldest version of TLS that is spoken.
	MinVersion TLSVersion `json:"minVersion,omitempty" jsonschema:"default=1.2"`
	// host:port where plain HTTP is told to come back by https; ACME is answered there, too.
	Redirect string `json:"redirect,omitempty" example:"\":80\""`
}

// ACME is an authority that gives out certificates by itself, such as Let's
// Encrypt. It has to reach the app by its public names: on port 443, or on port
// 80 where redirect listens.
type ACME struct {
	// Where the authority reports trouble.
	Email string `json:"email,omitempty" example:"ops@example.org"`
	// The URL of the authority's directory.
	Directory string `json:"directory,omitempty" jsonschema:"default=https://acme-v02.api.letsencrypt.org/directory"`
	// The names to get certificates for, each its own; without, the hosts.
	Domains []string `json:"domains,omitempty"`
	// PEM with those who sign the certificate of a private authority's own service.
	Trust string `json:"trust,omitempty"`
	// Say true when you have read the authority's terms and agree.
	AcceptTerms bool `json:"acceptTerms" jsonschema:"required" example:"true"`
}

// ClientCertificates says whose certificates users may show. The app is told
// in X-Client-Cert-Subject and X-Client-Cert-Fingerprint; nobody else can set these.
type ClientCertificates struct {
	// PEM with those who sign them.
	Authorities string `json:"authorities" jsonschema:"required" example:"/etc/ssl/staff-ca.pem"`
	// Turn users without one away.
	Require bool `json:"require,omitempty"`
}

// Backend is how instances are spoken to.
type Backend struct {
	// http1, or h2c for HTTP/2 without TLS, which gRPC needs. Health and smoke checks ask by HTTP/1.1.
	Protocol Protocol `json:"protocol,omitempty" jsonschema:"default=http1"`
}

func (Backend) shortKey() string { return "protocol" }

// TLSVersion is a version of TLS.
type TLSVersion string

// Protocol is what instances are spoken to in.
type Protocol string

var (
	tlsVersions = []string{"1.2", "1.3"}
	protocols   = []string{"http1", "h2c"}
)

func (v *TLSVersion) fromText(text string) error { return choose(v, text, tlsVersions, nil) }
func (p *Protocol) fromText(text string) error   { return choose(p, text, protocols, nil) }
func (*TLSVersion) form() string                 { return oneOf(tlsVersions) }
func (*Protocol) form() string                   { return oneOf(protocols) }

func (t *TLS) validate(hosts []string, listen string, tell report) {
	if t == nil {
		return
	}
	pair := t.Certificate != "" || t.Key != ""
	switch {
	case pair && t.ACME != nil:
		tell("acme", "there are files and acme at once", "keep one of the two")
	case !pair && t.ACME == nil:
		tell("", "there is no certificate", "write certificate and key, or acme: {email: YOU, acceptTerms: true}")
	case t.Certificate == "" && pair:
		tell("certificate", "there is a key and no certificate", "write the path of the certificate")
	case t.Key == "" && pair:
		tell("key", "there is a certificate and no key", "write the path of its key")
	}
	checkAddress(t.Redirect, "redirect", tell)
	if t.Redirect != "" && t.Redirect == listen {
		tell("redirect", "it is the address users are served on", `write another one, such as ":80"`)
	}
	if t.ACME != nil {
		t.ACME.validate(hosts, tell.in("acme"))
	}
}

func (a *ACME) validate(hosts []string, tell report) {
	if !strings.HasPrefix(a.Directory, "https://") {
		tell("directory", "it is not an address that begins with https://", "write the URL that the authority names, or remove the key for Let's Encrypt")
	}
	if !a.AcceptTerms {
		tell("acceptTerms", "nobody has agreed to the authority's terms", "read them, and write acceptTerms: true")
	}
	if a.Email != "" && (strings.Count(a.Email, "@") != 1 || strings.ContainsAny(a.Email, " ,<>")) {
		tell("email", strconv.Quote(a.Email)+" is not an address of mail", "write one, such as ops@example.org")
	}
	names, key := a.Domains, "domains"
	if len(names) == 0 {
		names, key = hosts, "hosts"
	}
	if len(names) == 0 {
		tell("domains", "no name is known to get a certificate for", "write them, or spec.traffic.hosts")
	}
	for i, name := range names {
		at := "domains"
		if key == "domains" {
			at = element(key, i)
		}
		switch {
		case strings.HasPrefix(name, "*."):
			tell(at, strconv.Quote(name)+" would need a proof by DNS, which is not possible here", "name each host in domains, or get the files by other means")
		case !hostForm.MatchString(name) || !strings.Contains(name, "."):
			tell(at, strconv.Quote(name)+" is not a full name", "write it in lower case, such as shop.example.org")
		}
	}
}

// resolve gives TLS its core form; paths start from dir.
func (t *TLS) resolve(hosts []string, dir string) *release.TLS {
	if t == nil {
		return nil
	}
	path := func(p string) string {
		if p == "" {
			return ""
		}
		return absolute(p, dir)
	}
	out := &release.TLS{Certificate: path(t.Certificate), Key: path(t.Key), MinVersion: string(t.MinVersion), Redirect: t.Redirect}
	if c := t.ClientCertificates; c != nil {
		out.Clients = &release.ClientCertificates{Authorities: path(c.Authorities), Require: c.Require}
	}
	if a := t.ACME; a != nil {
		out.ACME = &release.ACME{Directory: a.Directory, Email: a.Email, Domains: slices.Clone(a.Domains), Trust: path(a.Trust), AcceptTerms: a.AcceptTerms}
		if len(a.Domains) == 0 {
			out.ACME.Domains = slices.Clone(hosts)
		}
	}
	return out
}

// protocol returns the core form of a backend; HTTP/1.1 needs no word.
func (b Backend) protocol() release.Protocol {
	if b.Protocol == "h2c" {
		return release.H2C
	}
	return ""
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}
