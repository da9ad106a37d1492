package release

import "fmt"

// CacheWorld is what can be seen of the cache without disturbing it.
type CacheWorld struct {
	// Known says that the cache answers and takes writes.
	Known bool `json:"known"`
	// Keys is how many keys the whole database holds.
	Keys int64 `json:"keys,omitempty"`
	// Hits and Misses are the server's own counts: of everybody who uses it,
	// both versions and strangers included.
	Hits   int64 `json:"hits,omitempty"`
	Misses int64 `json:"misses,omitempty"`
	// Generations are estimates from a sample of keys, seldom renewed.
	Generations []GenerationSize `json:"generations,omitempty"`
}

// GenerationSize is about how much a generation holds.
type GenerationSize struct {
	Prefix string `json:"prefix"`
	Keys   int64  `json:"keys"`
	Bytes  int64  `json:"bytes"`
	// Exact says that every key was counted.
	Exact bool `json:"exact,omitempty"`
}

// CacheProgress is how far the removal of a generation has come.
type CacheProgress struct {
	Prefix string `json:"prefix"`
	// Cursor is where the server's iteration goes on.
	Cursor uint64 `json:"cursor,omitempty"`
	// Scanned of about Total keys were looked at, Removed of them taken away.
	Scanned int64 `json:"scanned"`
	Total   int64 `json:"total"`
	Removed int64 `json:"removed"`
}

// String says it in a few words.
func (p CacheProgress) String() string {
	return fmt.Sprintf("%s*: %d keys removed, %d of about %d looked at", p.Prefix, p.Removed, p.Scanned, max(p.Total, p.Scanned))
}

// CacheResult is what an action found or did in the cache.
type CacheResult struct {
	// Profile is what the values of kept namespaces look like before the new
	// version has written any; the cache's adapter knows its form.
	Profile Sealed `json:"profile,omitempty"`
	// Keys is how many keys were looked at, Removed how many were taken away.
	Keys    int64 `json:"keys,omitempty"`
	Removed int64 `json:"removed,omitempty"`
	// Note says the outcome for people.
	Note string `json:"note,omitempty"`
}
