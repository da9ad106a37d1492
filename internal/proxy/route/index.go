package route

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// Index finds the service that answers a request. It belongs to one table.
type Index struct {
	fronts map[string]*front
}

// Hit is what an Index finds: the position of the service in the table, and
// whether the request came in by the service's private address.
type Hit struct {
	Service int
	Private bool
}

type front struct {
	hosts map[string][]rule
	// wild has the rules for *.example.org under example.org.
	wild map[string][]rule
	any  []rule
}

type rule struct {
	path string
	hit  Hit
}

// NewIndex prepares t for lookups. It fails if two services claim the same
// address, host and path.
func NewIndex(t Table) (*Index, error) {
	x := &Index{fronts: map[string]*front{}}
	for i, s := range t.Services {
		f := s.Route.Front
		if err := x.add(t, f.Listen, f.Hosts, rule{f.Path, Hit{i, false}}); err != nil {
			return nil, err
		}
		if f.PrivateListen == "" {
			continue
		}
		if err := x.add(t, f.PrivateListen, f.Hosts, rule{f.Path, Hit{i, true}}); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// Find returns the service for a request that came in on listen: rules for
// its very host win over those for *.example.org, the longest first, and these
// over rules for any host; then the longest path prefix wins.
func (x *Index) Find(listen, host, path string) (Hit, bool) {
	f, ok := x.fronts[listen]
	if !ok {
		return Hit{}, false
	}
	host = normalHost(host)
	if hit, ok := longest(f.hosts[host], path); ok {
		return hit, true
	}
	for rest := host; len(f.wild) > 0; {
		_, parent, found := strings.Cut(rest, ".")
		if !found {
			break
		}
		if hit, ok := longest(f.wild[parent], path); ok {
			return hit, true
		}
		rest = parent
	}
	return longest(f.any, path)
}

func (x *Index) add(t Table, listen string, hosts []string, r rule) error {
	f := x.fronts[listen]
	if f == nil {
		f = &front{hosts: map[string][]rule{}, wild: map[string][]rule{}}
		x.fronts[listen] = f
	}
	if len(hosts) == 0 {
		rules, err := insert(t, listen, f.any, r)
		f.any = rules
		return err
	}
	for _, h := range hosts {
		named, name := f.hosts, h
		if parent, ok := strings.CutPrefix(h, "*."); ok {
			named, name = f.wild, parent
		}
		rules, err := insert(t, listen, named[name], r)
		if err != nil {
			return err
		}
		named[name] = rules
	}
	return nil
}

// insert keeps rules sorted so that the longest path stands first.
func insert(t Table, listen string, rules []rule, r rule) ([]rule, error) {
	for _, old := range rules {
		if strings.TrimSuffix(old.path, "/") == strings.TrimSuffix(r.path, "/") {
			return nil, fmt.Errorf("apps %q and %q both claim %s on %s: give them different hosts, paths or addresses",
				t.Services[old.hit.Service].App, t.Services[r.hit.Service].App, r.path, listen)
		}
	}
	rules = append(rules, r)
	slices.SortFunc(rules, func(a, b rule) int { return len(b.path) - len(a.path) })
	return rules, nil
}

func longest(rules []rule, path string) (Hit, bool) {
	for _, r := range rules {
		if covers(r.path, path) {
			return r.hit, true
		}
	}
	return Hit{}, false
}

// covers reports whether prefix stands for path: /a covers /a and /a/b, but
// not /ab.
func covers(prefix, path string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '/' || prefix == "")
}

// normalHost strips port and final dot and lowers the letters.
func normalHost(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
