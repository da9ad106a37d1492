package schema

// World is what a database shows of a change.
type World struct {
	// Expanded says that old and new code both fit; Filled that every row has
	// both shapes, verified, and the new constraints hold; Contracted that
	// the old shape is gone.
	Expanded, Filled, Contracted bool
	// Partly says that the app's own migrations were left on their way.
	Partly bool
	// Waits says what is missing to the next stage, in words.
	Waits string
}
