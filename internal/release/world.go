package release

import "time"

// World is everything observed in one look around. What could not be observed
// is marked as not known; it is never guessed.
type World struct {
	Now   time.Time        `json:"now"`
	Sides Sides[Instances] `json:"sides"`
	// Companions are the instances of the components without users, of both
	// sides.
	Companions Instances    `json:"companions,omitzero"`
	Traffic    Traffic      `json:"traffic"`
	Schema     SchemaWorld  `json:"schema"`
	Restore    RestoreWorld `json:"restore,omitzero"`
	Cache      CacheWorld   `json:"cache,omitzero"`
	Pool       PoolWorld    `json:"pool,omitzero"`
	Verdict    Verdict      `json:"verdict"`
	// Unread says what is not known yet of how things were before the release,
	// though the plan compares with it; "" for nothing.
	Unread string `json:"unread,omitempty"`
}

// RestoreWorld is how far a backup is on its way into the place of the
// database.
type RestoreWorld struct {
	Known bool `json:"known"`
	// Prepared says that the backup is restored beside the database, Exchanged
	// that it is in its place.
	Prepared  bool `json:"prepared"`
	Exchanged bool `json:"exchanged"`
	// Aside is the name under which the database that was replaced is kept.
	Aside string `json:"aside,omitempty"`
}

// SchemaWorld is the state of the schema as the database shows it.
type SchemaWorld struct {
	Known bool `json:"known"`
	// Expanded says that both versions can work; Filled that every old row
	// has its new shape, verified; Contracted that the old shape is gone.
	Expanded   bool `json:"expanded"`
	Filled     bool `json:"filled"`
	Contracted bool `json:"contracted"`
	// Partly says that the app's own migrations were left on their way, so
	// that there is something to take back although nothing is Expanded.
	Partly bool `json:"partly,omitempty"`
	// Waits says what is missing to the next stage, in words.
	Waits string `json:"waits,omitempty"`
	// Progress is how far a fill under way has come.
	Progress Progress `json:"progress,omitzero"`
}
