package rehearsal

// What tests of this package look at without a rehearsal around it.
var (
	Compare   = compare
	Conflicts = conflicts
	Retyped   = retyped
)
