package keyring

import (
	"cmp"
	"slices"
	"strings"

	"cutover/internal/certificate"
)

// report says how one app's certificates stand.
func (r *Ring) report(addr string, d *door, c choice) []certificate.Status {
	if c.acme == nil {
		return []certificate.Status{r.reportFile(addr, d, c)}
	}
	var all []certificate.Status
	for _, name := range c.acme.Domains {
		s := certificate.Status{App: c.app, Listen: addr, Source: c.acme.Directory, Names: []string{name}, Problem: r.keeper.Problem(name)}
		if held := r.keeper.Certificate(name); held != nil {
			s.Names, s.Until = certificate.NamesOf(held.Leaf), held.Leaf.NotAfter
		}
		all = append(all, d.withClients(s))
	}
	return all
}

func (r *Ring) reportFile(addr string, d *door, c choice) certificate.Status {
	s := certificate.Status{App: c.app, Listen: addr, Source: c.file.pair.Certificate, Problem: c.file.problem}
	held := c.file.held.Load()
	switch {
	case held == nil:
		s.Problem += "; nobody can be served until then"
	case s.Problem != "":
		s.Problem += "; " + served(held) + " is served meanwhile"
	}
	if held != nil {
		s.Names, s.Until = held.Names(), held.TLS.Leaf.NotAfter
		if s.Problem == "" && !r.now().Before(s.Until) {
			s.Problem = "certificate " + s.Source + " has expired, and clients refuse it: renew it"
		}
	}
	return d.withClients(s)
}

// withClients adds what is wrong with the list of those who sign clients'
// certificates.
func (d *door) withClients(s certificate.Status) certificate.Status {
	if d.authorities != nil && d.authorities.problem != "" {
		s.Problem = strings.TrimPrefix(s.Problem+"; "+d.authorities.problem, "; ")
	}
	return s
}

func sortStatus(all []certificate.Status) {
	slices.SortFunc(all, func(a, b certificate.Status) int {
		return cmp.Or(strings.Compare(a.App, b.App), strings.Compare(a.Listen, b.Listen), slices.Compare(a.Names, b.Names))
	})
}
