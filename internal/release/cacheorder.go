package release

// CacheOrder concerns what a release does to the cache. It carries no fence:
// what one controller may remove no later one can need, since the number of a
// generation is never used twice.
type CacheOrder struct {
	App     string `json:"app"`
	Release string `json:"release"`
	Cache   Cache  `json:"cache"`
}

// PurgeOrder asks for every key that begins with Prefix to go.
type PurgeOrder struct {
	CacheOrder
	Prefix string `json:"prefix"`
	// From is where an earlier try has come to.
	From CacheProgress `json:"from,omitzero"`
	// Progressed hears how far it is, after every batch; an error from it ends
	// the work. It does not block for long.
	Progressed func(CacheProgress) error `json:"-"`
}
