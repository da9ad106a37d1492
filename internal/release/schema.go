package release

import "time"

// Schema says what a release does to the shape of a database, and in which
// stages.
type Schema struct {
	Expand   bool `json:"expand,omitempty"`
	Backfill bool `json:"backfill,omitempty"`
	Contract bool `json:"contract,omitempty"`
	// Change is a snapshot of the file with the operations; Native is what the
	// app brings along to migrate itself. One of the two is given.
	Change File   `json:"change,omitzero"`
	Native Native `json:"native,omitzero"`
	Fill   Fill   `json:"fill,omitzero"`
}

// Changes reports whether the release touches the schema at all.
func (s Schema) Changes() bool { return s.Expand || s.Backfill || s.Contract }

// IsNative reports whether the app's own migrations do the work.
func (s Schema) IsNative() bool { return len(s.Native.Upgrade) > 0 }

// WatchesSchema reports whether the database is worth a look: always while
// two versions share it, but an app's own program, which may take seconds to
// tell, is asked only where something depends on it.
func (s State) WatchesSchema() bool {
	if !s.Plan.Schema.Changes() || s.Phase.Ended() {
		return false
	}
	switch s.Phase {
	case Expanding, Backfilling, Reverting, Contracting:
		return true
	}
	return s.Phase.carries() && !s.Plan.Schema.IsNative()
}

// Stays reports whether a release that is taken back leaves the schema as it
// is, because nothing is given that undoes it.
func (s Schema) Stays() bool { return s.IsNative() && len(s.Native.Downgrade) == 0 }

// Database says where an app keeps its data, and how it may be disturbed.
type Database struct {
	Driver DatabaseDriver `json:"driver"`
	// URL is where it is: for SQLite the absolute path of its file, for
	// PostgreSQL an address without a password, or a reference ("env:NAME" or
	// "file:/path") that is resolved whenever it is needed and never stored.
	URL string `json:"url"`
	// Namespace is the PostgreSQL schema of the tables.
	Namespace string `json:"namespace,omitempty"`
	// LockTimeout is the lock budget: how long anything of a release may wait
	// for a lock, and with it the users who queue behind.
	LockTimeout time.Duration `json:"lockTimeout"`
	// Pool is what the instances take of the database's connections.
	Pool Pool `json:"pool,omitzero"`
	// Pooler is the PgBouncer before it.
	Pooler Pooler `json:"pooler,omitzero"`
}

// DatabaseDriver names a kind of database.
type DatabaseDriver string

// The drivers.
const (
	PostgreSQL DatabaseDriver = "postgres"
	SQLite     DatabaseDriver = "sqlite"
)

// Native is how an app migrates its database by itself. The commands run as
// the new version does: in its folder, with its environment.
type Native struct {
	// Upgrade and Downgrade are argument vectors. Without a Downgrade the
	// schema stays as it is when the release is taken back: the old version
	// must be able to live with it.
	Upgrade   []string `json:"upgrade,omitempty"`
	Downgrade []string `json:"downgrade,omitempty"`
	// Head prints the revision the database is at.
	Head []string `json:"head,omitempty"`
	// From and To are the revisions before and after. From may be empty: a
	// database without one.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Revisions, if given, are those after From in their order, To the last:
	// a command with {{revision}} in its arguments runs once for each.
	Revisions []string `json:"revisions,omitempty"`
	// Timeout bounds each command, StatementTimeout each statement of it; 0
	// is as long as the command may take.
	Timeout          time.Duration `json:"timeout,omitempty"`
	StatementTimeout time.Duration `json:"statementTimeout,omitempty"`
}

// Fill says how old rows get their new shape.
type Fill struct {
	// Pace is how much of the database's time the fill may take.
	Pace FillPace `json:"pace,omitempty"`
	// Within bounds the whole fill; 0 is a week.
	Within time.Duration `json:"within,omitempty"`
}

// FillPace names how much a fill may take.
type FillPace string

// The paces. Full has no limits but short statements, Shared takes up to half
// of the time as long as users do not feel it, Gentle is for a database that
// has little to spare.
const (
	Full   FillPace = "full"
	Shared FillPace = "shared"
	Gentle FillPace = "gentle"
)

// Backup says what is saved before anything is changed, and for how long.
type Backup struct {
	// Before is the phase that does not begin without it; empty is no backup.
	Before Phase `json:"before,omitempty"`
	// Keep is how many of the newest are kept, KeepFor how long all are kept.
	Keep    int           `json:"keep,omitempty"`
	KeepFor time.Duration `json:"keepFor,omitempty"`
	// Verify asks for the proof that it can be restored.
	Verify bool `json:"verify,omitempty"`
}

// Wanted reports whether there is to be one.
func (b Backup) Wanted() bool { return b.Before != "" }

// Saved is what is known of a backup that was taken.
type Saved struct {
	Name string `json:"name"`
	// SHA256 and Bytes are those of the dump.
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows"`
	// Verified says that it was restored elsewhere and found to be the same.
	Verified bool `json:"verified,omitempty"`
}
