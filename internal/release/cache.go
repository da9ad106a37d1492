package release

import (
	"slices"
	"strings"
	"time"
)

// Cache is where an app caches, and what becomes of it. Every key belongs to a
// namespace; a namespace has generations, and each generation is what one
// prefix begins. Versions that agree on the format share a generation, others
// get one each, so that neither ever reads what the other has written.
type Cache struct {
	Redis Redis `json:"redis,omitzero"`
	// Namespaces are sorted by name.
	Namespaces []Namespace `json:"namespaces,omitempty"`
	// Warm has bumped generations filled before the new version is tested.
	Warm *CacheWarm `json:"warm,omitempty"`
	// PurgeRate is how many keys a second are looked at, at most, while an old
	// generation is removed.
	PurgeRate int `json:"purgeRate,omitempty"`
}

// Redis says where a cache is. Exactly one of Address and Sentinel is set.
type Redis struct {
	Address  string    `json:"address,omitempty"`
	Sentinel *Sentinel `json:"sentinel,omitempty"`
	Username string    `json:"username,omitempty"`
	// Password is a reference ("env:NAME" or "file:/path"), "" for none.
	Password string    `json:"password,omitempty"`
	TLS      *RedisTLS `json:"tls,omitempty"`
	Database int       `json:"database,omitempty"`
}

// Sentinel finds the present master by its name.
type Sentinel struct {
	Master    string   `json:"master"`
	Addresses []string `json:"addresses"`
	// Password is a reference to the sentinels' own, "" for none.
	Password string `json:"password,omitempty"`
}

// RedisTLS is how a server proves itself: by the machine's authorities, or by
// those in the file Authorities. Certificate and Key are files too, for a
// server that asks for them.
type RedisTLS struct {
	Authorities string `json:"authorities,omitempty"`
	Certificate string `json:"certificate,omitempty"`
	Key         string `json:"key,omitempty"`
	// ServerName is what the certificate is for, "" for the address' host.
	ServerName string `json:"serverName,omitempty"`
}

// Same reports whether both are the same place.
func (r Redis) Same(o Redis) bool {
	if r.Address != o.Address || r.Database != o.Database || (r.Sentinel == nil) != (o.Sentinel == nil) {
		return false
	}
	return r.Sentinel == nil || r.Sentinel.Master == o.Sentinel.Master
}

// Namespace is one kind of cached things.
type Namespace struct {
	Name string `json:"name"`
	// Env is the variable in which instances are told their prefix.
	Env string `json:"env"`
	// From is what the old version uses, To what the new one does. They are the
	// same where the namespace is kept. From is zero for a namespace that is
	// new, To for one that goes.
	From Generation `json:"from,omitzero"`
	To   Generation `json:"to,omitzero"`
}

// Generation is what one prefix begins.
type Generation struct {
	// Number is 1 or more, and never used a second time for the namespace.
	Number int    `json:"number,omitempty"`
	Prefix string `json:"prefix,omitempty"`
	// Format is what the app's file calls the form of its values.
	Format string `json:"format,omitempty"`
}

// Kept reports whether both versions share the generation.
func (n Namespace) Kept() bool { return n.To.Prefix != "" && n.From.Prefix == n.To.Prefix }

// CacheWarm ends when a bumped namespace's generation holds Share (0..1) of as
// many keys as the old one, when a round of the warm-up adds next to nothing,
// or after Most.
type CacheWarm struct {
	Share float64       `json:"share"`
	Most  time.Duration `json:"most"`
}

// Used reports whether the app caches anything.
func (c Cache) Used() bool { return len(c.Namespaces) > 0 }

// Kept lists the prefixes that both versions share.
func (c Cache) Kept() []string {
	return c.prefixes(func(n Namespace) string {
		if n.Kept() {
			return n.To.Prefix
		}
		return ""
	})
}

// outgoing lists the prefixes that only the old version uses, incoming those
// that only the new one does. What overlaps with a prefix of the other side is
// in neither: it is never known to be nobody's.
func (c Cache) outgoing() []string { return c.only(Namespace.from, Namespace.to) }
func (c Cache) incoming() []string { return c.only(Namespace.to, Namespace.from) }

func (n Namespace) from() string { return n.From.Prefix }
func (n Namespace) to() string   { return n.To.Prefix }

func (c Cache) only(mine, others func(Namespace) string) []string {
	kept := c.prefixes(others)
	return c.prefixes(func(n Namespace) string {
		if overlapping(mine(n), kept) {
			return ""
		}
		return mine(n)
	})
}

func (c Cache) prefixes(of func(Namespace) string) []string {
	var list []string
	for _, n := range c.Namespaces {
		if p := of(n); p != "" {
			list = append(list, p)
		}
	}
	return list
}

// overlapping reports whether a key could begin with prefix and with one of
// the others.
func overlapping(prefix string, others []string) bool {
	for _, o := range others {
		if strings.HasPrefix(o, prefix) || strings.HasPrefix(prefix, o) {
			return true
		}
	}
	return false
}

// ComparesCache reports whether what both versions write under the same kind
// of key is to be looked at before the new one gets traffic.
func (p Plan) ComparesCache() bool { return !p.alone() && len(p.Cache.Kept()) > 0 }

// tested reports whether the new version has something to pass.
func (p Plan) tested() bool { return len(p.Checks) > 0 || p.ComparesCache() }

// cacheLives reports whether a component that takes no part in the release goes
// on with the old generations.
func (p Plan) cacheLives() bool {
	return slices.ContainsFunc(p.Companions, func(c Companion) bool { return c.Stays() && c.To.Version != "" })
}

// backwards turns the cache of a release around.
func (c Cache) backwards() Cache {
	out := Cache{Redis: c.Redis, PurgeRate: c.PurgeRate}
	for _, n := range c.Namespaces {
		n.From, n.To = n.To, n.From
		out.Namespaces = append(out.Namespaces, n)
	}
	return out
}
