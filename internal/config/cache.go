package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutover/internal/release"
)

// Cache is where an app caches, and what of it two versions may share.
type Cache struct {
	// The Redis that all instances use.
	Redis Redis `json:"redis" jsonschema:"required" example:"{address: \"127.0.0.1:6379\"}"`
	// The kinds of cached things, by name.
	Namespaces map[string]Namespace `json:"namespaces" jsonschema:"required" example:"{data: {prefix: \"shop:{{generation}}:\", env: CACHE_PREFIX}}"`
	// How many keys a second are looked at, at most, while an old generation is removed; 0 for as many as the server gives with a fifth of its time.
	PurgeRate int `json:"purgeRate,omitempty" jsonschema:"default=10000,minimum=0"`
}

// Redis says where a cache is: an address, or the sentinels that know it.
type Redis struct {
	// host:port of the server.
	Address string `json:"address,omitempty" example:"127.0.0.1:6379"`
	// The sentinels that know which server is the master.
	Sentinel *Sentinel `json:"sentinel,omitempty"`
	// The user, if it is not the default one.
	Username string `json:"username,omitempty"`
	// The password: env:NAME or file:PATH.
	Password string `json:"password,omitempty" example:"env:REDIS_PASSWORD"`
	// Speak TLS.
	TLS *RedisTLS `json:"tls,omitempty"`
	// The number of the database.
	DB int `json:"db,omitempty" jsonschema:"minimum=0,maximum=65535"`
}

// Sentinel names a master and those who watch it.
type Sentinel struct {
	// What the sentinels call the master.
	Master string `json:"master" jsonschema:"required" example:"shop"`
	// host:port of each sentinel.
	Addresses []string `json:"addresses" jsonschema:"required" example:"[\"10.0.0.1:26379\"]"`
	// The sentinels' own password: env:NAME or file:PATH.
	Password string `json:"password,omitempty"`
}

// RedisTLS is how the server proves itself.
type RedisTLS struct {
	// PEM with those who signed the server's certificate; without, the machine's own.
	Authorities string `json:"authorities,omitempty"`
	// PEM with a certificate of ours, for a server that asks for one.
	Certificate string `json:"certificate,omitempty"`
	// PEM with its key.
	Key string `json:"key,omitempty"`
	// The name in the server's certificate, if it is not the address.
	ServerName string `json:"serverName,omitempty"`
}

// Namespace is one kind of cached things. Versions that agree on its format
// share what is cached, others get a generation each.
type Namespace struct {
	// What every key begins with. {{generation}} is a number.
	Prefix string `json:"prefix" jsonschema:"required" example:"shop:{{generation}}:"`
	// The variable in which every instance is told its prefix.
	Env string `json:"env" jsonschema:"required" example:"CACHE_PREFIX"`
	// What you call the form of its values. Another one than before bumps the generation.
	Format string `json:"format,omitempty" jsonschema:"default=1"`
}

// CacheChange is what a release does to the generations. What it does not name
// is kept, or bumped where the format in the app's file has changed.
type CacheChange struct {
	// Namespaces that both versions share, whatever the format is called.
	Keep []string `json:"keep,omitempty"`
	// Namespaces of which the new version gets a generation of its own.
	Bump []string `json:"bump,omitempty"`
	// Fill new generations before users come: repeats spec.warmUp.
	Warm *CacheWarm `json:"warm,omitempty"`
}

// CacheWarm says when a new generation is warm.
type CacheWarm struct {
	// The share of the old generation's keys that it has to hold.
	Until Percent `json:"until,omitempty" jsonschema:"default=80%"`
	// How long it may take.
	AtMost Duration `json:"atMost,omitempty" jsonschema:"default=2m"`
}

func (Redis) shortKey() string { return "address" }

const generation = "{{generation}}"

func (c *Cache) validate(tell report) {
	if c == nil {
		return
	}
	c.Redis.validate(tell.in("redis"))
	names := slices.Sorted(maps.Keys(c.Namespaces))
	variables := map[string]string{}
	for i, name := range names {
		n, at := c.Namespaces[name], entry("namespaces", name)
		checkName(name, at, tell)
		n.validate(tell.in(at))
		if other := variables[n.Env]; other != "" && n.Env != "" {
			tell(join(at, "env"), fmt.Sprintf("%s and %s are told their prefix in the same variable", other, name), "give each a variable of its own")
		}
		variables[n.Env] = name
		for _, other := range names[:i] {
			if contains(n.Prefix, c.Namespaces[other].Prefix) || contains(c.Namespaces[other].Prefix, n.Prefix) {
				tell(join(at, "prefix"), fmt.Sprintf("keys of %s could begin with the prefix of %s too, so one would be removed with the other", name, other),
					"let them differ before {{generation}}, such as "+strconv.Quote(name+":{{generation}}:"))
			}
		}
	}
}

func (n Namespace) validate(tell report) {
	head, tail, found := strings.Cut(n.Prefix, generation)
	switch {
	case n.Prefix == "":
	case !found:
		tell("prefix", "the prefix has no {{generation}}, so two versions could not be kept apart", "write it like \"shop:{{generation}}:\"")
	case strings.Contains(tail, "{{") || strings.Contains(head, "{{"):
		tell("prefix", "{{generation}} is the only placeholder here, and stands once", "remove the others")
	case tail == "" || tail[0] >= '0' && tail[0] <= '9':
		tell("prefix", "without a sign after {{generation}} the keys of generation 1 begin like those of 10", "write it like \"shop:{{generation}}:\"")
	}
	if n.Env != "" && (!envForm.MatchString(n.Env) || strings.HasPrefix(n.Env, "CUTOVER_")) {
		tell("env", strconv.Quote(n.Env)+" cannot be the variable", "use A-Z, 0-9 and _, not beginning with a digit or CUTOVER_")
	}
}

// contains reports whether a key that begins with the one prefix could begin
// with the other, whatever the generations are.
func contains(outer, inner string) bool {
	head, tail, ok := strings.Cut(outer, generation)
	if !ok || !strings.Contains(inner, generation) {
		return false
	}
	begins := regexp.MustCompile(`^` + regexp.QuoteMeta(head) + `[0-9]+` + regexp.QuoteMeta(tail))
	numbers := []string{"1"}
	for _, digits := range regexp.MustCompile(`[0-9]+`).FindAllString(head, -1) {
		numbers = append(numbers, digits, digits+"1")
	}
	return slices.ContainsFunc(numbers, func(n string) bool { return begins.MatchString(strings.Replace(inner, generation, n, 1)) })
}

func (r Redis) validate(tell report) {
	switch {
	case r.Address == "" && r.Sentinel == nil:
		tell("", "it is not said where Redis is", `write address: "127.0.0.1:6379", or sentinel: {master: NAME, addresses: [...]}`)
	case r.Address != "" && r.Sentinel != nil:
		tell("", "an address and sentinels say two things at once", "remove one of the two")
	}
	if strings.Contains(r.Address, "://") || strings.Contains(r.Address, "@") {
		tell("address", "it is host:port, not a URL", `write it like "127.0.0.1:6379", with password and db beside it`)
	} else {
		checkAddress(r.Address, "address", tell)
	}
	checkPassword(r.Password, "password", tell)
	if s := r.Sentinel; s != nil {
		checkPassword(s.Password, "sentinel.password", tell)
		if len(s.Addresses) == 0 {
			tell("sentinel.addresses", "there is none", "name at least one sentinel")
		}
		for i, a := range s.Addresses {
			checkAddress(a, element("sentinel.addresses", i), tell)
		}
	}
	if t := r.TLS; t != nil && (t.Certificate == "") != (t.Key == "") {
		tell("tls", "a certificate and its key belong together", "write both, or neither")
	}
}

func checkPassword(ref, path string, tell report) {
	checkReference(ref, path, tell)
	if ref != "" && !isReference(ref) {
		tell(path, "it would be stored with every release", "write env:NAME or file:PATH, which is resolved when it is needed")
	}
}

func (r Redis) resolve(dir string) release.Redis {
	out := release.Redis{Address: r.Address, Username: r.Username, Password: absoluteReference(r.Password, dir), Database: r.DB}
	if r.Sentinel != nil {
		out.Sentinel = &release.Sentinel{Master: r.Sentinel.Master, Addresses: r.Sentinel.Addresses, Password: absoluteReference(r.Sentinel.Password, dir)}
	}
	if t := r.TLS; t != nil {
		path := func(p string) string {
			if p == "" {
				return ""
			}
			return absolute(p, dir)
		}
		out.TLS = &release.RedisTLS{Authorities: path(t.Authorities), Certificate: path(t.Certificate), Key: path(t.Key), ServerName: t.ServerName}
	}
	return out
}

func (w *CacheWarm) resolve() *release.CacheWarm {
	if w == nil {
		return nil
	}
	return &release.CacheWarm{Share: release.Weight(w.Until).Share(), Most: time.Duration(w.AtMost)}
}
