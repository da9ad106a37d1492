package config

import (
	"errors"
	"slices"
	"strings"
	"time"

	"cutover/internal/certificate"
	"cutover/internal/release"
)

// tls looks at the files that the app proves itself with.
func (l lint) tls(t Traffic) {
	if t.TLS == nil {
		return
	}
	found := t.TLS.resolve(t.Hosts, l.doc.source.dir)
	if found.Certificate != "" && found.Key != "" {
		l.pair(found, t.Hosts)
	}
	if found.Clients != nil && found.Clients.Authorities != "" {
		_, err := certificate.ReadAuthorities(found.Clients.Authorities)
		l.unusable("spec.traffic.tls.clientCertificates.authorities", err)
	}
	if found.ACME == nil {
		return
	}
	if found.ACME.Trust != "" {
		_, err := certificate.ReadAuthorities(found.ACME.Trust)
		l.unusable("spec.traffic.tls.acme.trust", err)
	}
	if portOf(t.Listen) != "443" && portOf(found.Redirect) != "80" {
		l.warn("acme-ports", "spec.traffic.tls.acme", "a public authority looks on port 443 or 80, and neither is listened on here", `write redirect: ":80", or see that one of the ports is led here`)
	}
	for _, h := range t.Hosts {
		if !slices.Contains(found.ACME.Domains, h) {
			l.warn("certificate-names", "spec.traffic.tls.acme.domains", h+" belongs to the app, and no certificate is fetched for it", "add it to domains")
		}
	}
}

func (l lint) pair(t *release.TLS, hosts []string) {
	const at = "spec.traffic.tls.certificate"
	now := time.Now()
	held, err := certificate.Pair{Certificate: t.Certificate, Key: t.Key}.Read(now)
	path := at
	if err != nil && strings.HasPrefix(err.Error(), "key ") {
		path = "spec.traffic.tls.key"
	}
	l.unusable(path, err)
	if held == nil || errors.Is(err, certificate.ErrExpired) {
		return
	}
	leaf := held.TLS.Leaf
	if leaf.NotAfter.Sub(now) < certificate.Soon {
		l.warn("certificate-ends", at, "the certificate ends on "+leaf.NotAfter.UTC().Format("2006-01-02 15:04 UTC"), "renew it; new files are read without a restart")
	}
	for _, h := range hosts {
		if !certificate.Covers(leaf, h) {
			l.warn("certificate-names", at, "the certificate is not for "+h+", so clients refuse it there: it is for "+strings.Join(held.Names(), ", "), "ask for one with this name, or correct spec.traffic.hosts")
		}
	}
}

// unusable reports files that a release could not be carried out with.
func (l lint) unusable(path string, err error) {
	if err == nil {
		return
	}
	reason, cure := err.Error(), "mend the file, or correct the path"
	if i := strings.LastIndex(reason, ": "); i > 0 {
		reason, cure = reason[:i], reason[i+2:]
	}
	*l.found = append(*l.found, Finding{"unusable-certificate", l.doc.at(path), path, reason, cure, Bad})
}
