package release

// CacheSignal says where the misses of a cache are counted for a signal. With
// prefixes, those of each side are told apart.
type CacheSignal struct {
	Redis Redis `json:"redis"`
	// Namespace is what the signal's file names; Old and New are what the keys of
	// each side begin with in it.
	Namespace string `json:"namespace,omitempty"`
	Old       string `json:"old,omitempty"`
	New       string `json:"new,omitempty"`
}
