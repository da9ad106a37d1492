package route

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"cutover/internal/release"
)

// checkTLS returns what is wrong with the TLS of a service by itself. It does
// not look at files.
func checkTLS(front release.Front) error {
	t := front.TLS
	if t == nil {
		return nil
	}
	var errs []error
	pair := t.Certificate != "" || t.Key != ""
	switch {
	case pair && t.ACME != nil:
		errs = append(errs, errors.New("tls names files and acme at once: keep one of the two"))
	case !pair && t.ACME == nil:
		errs = append(errs, errors.New("tls names neither certificate and key nor acme: without one nobody can be served"))
	case pair && (t.Certificate == "" || t.Key == ""):
		errs = append(errs, errors.New("tls needs both certificate and key"))
	}
	if !slices.Contains([]string{"", "1.2", "1.3"}, t.MinVersion) {
		errs = append(errs, fmt.Errorf("tls.minVersion is %q, want 1.2 or 1.3", t.MinVersion))
	}
	paths := map[string]string{"certificate": t.Certificate, "key": t.Key}
	if t.Clients != nil {
		paths["clientCertificates.authorities"] = t.Clients.Authorities
		if t.Clients.Authorities == "" {
			errs = append(errs, errors.New("tls.clientCertificates names no authorities: nobody could be believed"))
		}
	}
	if t.ACME != nil {
		paths["acme.trust"] = t.ACME.Trust
		errs = append(errs, checkACME(t.ACME))
	}
	for name, path := range paths {
		if path != "" && !filepath.IsAbs(path) {
			errs = append(errs, fmt.Errorf("tls.%s is %q, want a path that begins with /", name, path))
		}
	}
	if t.Redirect != "" {
		errs = append(errs, checkListen("tls.redirect", t.Redirect))
	}
	return errors.Join(errs...)
}

func checkACME(a *release.ACME) error {
	var errs []error
	if u, err := url.Parse(a.Directory); err != nil || u.Scheme != "https" || u.Host == "" {
		errs = append(errs, fmt.Errorf("tls.acme.directory is %q, want an address that begins with https://", a.Directory))
	}
	if !a.AcceptTerms {
		errs = append(errs, errors.New("tls.acme.acceptTerms is not true: read the terms of the authority, and say so"))
	}
	if len(a.Domains) == 0 {
		errs = append(errs, errors.New("tls.acme has no domains: name the hosts to get certificates for"))
	}
	for _, d := range a.Domains {
		switch {
		case strings.HasPrefix(d, "*."):
			errs = append(errs, fmt.Errorf("tls.acme.domains has %q: certificates for all names below one are given by DNS only, which is not supported; name each host, or get the files by other means", d))
		case d != normalHost(d) || !strings.Contains(d, ".") || strings.ContainsAny(d, " /*"):
			errs = append(errs, fmt.Errorf("tls.acme.domains has %q, want a full name in lower case such as shop.example.org", d))
		}
	}
	return errors.Join(errs...)
}

// Door is what an address of the table is for.
type Door struct {
	// App opened the door; others may share it.
	App string
	// TLS is how the address proves itself, nil if it speaks plain HTTP. For
	// a door that several share, each has its own certificates, and minimum
	// version and client certificates are the same for all.
	TLS *release.TLS
	// Redirect is the address with TLS that users are sent to; empty for a
	// door that leads to apps.
	Redirect string
	// Limits are the strictest of all apps on the address.
	Limits release.Limits
}

// Doors returns what each address of the table is for. It fails if services
// want different things of one address.
func (t Table) Doors() (map[string]Door, error) {
	doors := map[string]Door{}
	var errs []error
	open := func(addr string, d Door) {
		have, taken := doors[addr]
		if !taken {
			doors[addr] = d
			return
		}
		if err := have.fits(addr, d); err != nil {
			errs = append(errs, err)
		}
		have.Limits = have.Limits.Stricter(d.Limits)
		doors[addr] = have
	}
	for _, s := range t.Services {
		f, limits := s.Route.Front, s.Route.Front.Limits.Resolved()
		open(f.Listen, Door{App: s.App, TLS: f.TLS, Limits: limits})
		if f.PrivateListen != "" {
			open(f.PrivateListen, Door{App: s.App, Limits: limits})
		}
		if f.TLS != nil && f.TLS.Redirect != "" {
			open(f.TLS.Redirect, Door{App: s.App, Redirect: f.Listen, Limits: limits})
		}
	}
	return doors, errors.Join(errs...)
}

// fits says why two services cannot share an address.
func (d Door) fits(addr string, o Door) error {
	refuse := func(why string) error {
		return fmt.Errorf("apps %q and %q both use %s, but %s", d.App, o.App, addr, why)
	}
	switch {
	case (d.Redirect == "") != (o.Redirect == ""):
		return refuse("one serves users there and the other only sends them on to https: give them different addresses")
	case d.Redirect != o.Redirect:
		return refuse(fmt.Sprintf("one sends users on to %s and the other to %s: give them different addresses for redirect", d.Redirect, o.Redirect))
	case (d.TLS == nil) != (o.TLS == nil):
		return refuse("one wants TLS there and the other does not: give both tls, or different addresses")
	case d.TLS == nil:
		return nil
	case strictness(d.TLS) != strictness(o.TLS):
		return refuse("they want different tls.minVersion: write the same for both, or give them different addresses")
	case !d.TLS.Clients.Same(o.TLS.Clients):
		return refuse("they want different tls.clientCertificates: a connection made for one can carry requests for the other, so write the same for both, or give them different addresses")
	}
	return nil
}

func strictness(t *release.TLS) string {
	if t.MinVersion == "1.3" {
		return t.MinVersion
	}
	return "1.2"
}

// checkIssuers refuses two authorities for one name.
func (t Table) checkIssuers() error {
	type issuer struct {
		app  string
		acme *release.ACME
	}
	byDomain := map[string]issuer{}
	for _, s := range t.Services {
		if s.Route.Front.TLS == nil || s.Route.Front.TLS.ACME == nil {
			continue
		}
		a := s.Route.Front.TLS.ACME
		for _, d := range a.Domains {
			have, ok := byDomain[d]
			if ok && !have.acme.SameIssuer(a) {
				return fmt.Errorf("apps %q and %q want certificates for %s with different tls.acme: write the same for both", have.app, s.App, d)
			}
			byDomain[d] = issuer{s.App, a}
		}
	}
	return nil
}
