package signal

// Side says whom a reading concerns, by the part it plays in the release.
type Side string

// Old serves now, New is being brought in. Shared is what both use, such as
// a database, and what cannot be told apart by side.
const (
	Old    Side = "old"
	New    Side = "new"
	Shared Side = "shared"
)
