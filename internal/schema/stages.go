package schema

// Stages says in words what an operation does in each stage.
type Stages struct {
	Expand, Sync, Backfill, Verify, Contract, Revert string
	// Locks are taken while users work, each for a moment only unless it lets
	// them read and write.
	Locks []Lock
	// Reversible says what a revert before contract gives back.
	Reversible Reversible
}

// Lock is a lock on a table and when it is taken.
type Lock struct {
	Stage string `json:"stage"`
	Mode  string `json:"mode"`
	// Blocks says what users cannot do meanwhile.
	Blocks string `json:"blocks"`
}

// Reversible says what a revert before contract gives back.
type Reversible string

// The kinds.
const (
	// WithData: the old shape holds everything written through the new one.
	WithData Reversible = "with data"
	// Kept: what only the new shape can hold is kept aside, not thrown away.
	Kept Reversible = "kept aside"
	// ShapeOnly: what only the new shape can hold is lost by a revert.
	ShapeOnly Reversible = "shape only"
	// ByHand: as far as the change's own down says.
	ByHand Reversible = "as its down says"
)

var (
	lockDDL      = Lock{"expand", "ACCESS EXCLUSIVE", "everything, for the moment of a catalogue change"}
	lockContract = Lock{"contract", "ACCESS EXCLUSIVE", "everything, for the moment of a catalogue change"}
	lockIndex    = Lock{"backfill", "SHARE UPDATE EXCLUSIVE", "nothing but other changes of the schema"}
	lockRows     = Lock{"backfill", "ROW EXCLUSIVE", "writers of the same rows, for one batch"}
)

// nothing is what a stage does that an operation has no part in.
const nothing = "nothing"

// whole fills in what an operation has no part in.
func (s Stages) whole() Stages {
	for _, stage := range []*string{&s.Expand, &s.Sync, &s.Backfill, &s.Verify, &s.Contract, &s.Revert} {
		if *stage == "" {
			*stage = nothing
		}
	}
	return s
}

// synced are the stages of operations that keep two shapes in step.
func synced(what string, r Reversible) Stages {
	return Stages{
		Expand:   "add " + what + ", without any constraint, and triggers that keep both shapes in step",
		Sync:     "the side whose column a statement changes fills the other; if both change, the new one wins",
		Backfill: "fill it in small ranges of pages, then build its indexes concurrently and validate its constraints",
		Verify:   "no row whose two shapes differ",
		Contract: "remove the triggers and the old shape, and give the new one its final name, in one transaction",
		Revert:   "remove the triggers and the new shape; the old one has what was written through either",
		Locks:    []Lock{lockDDL, lockRows, lockIndex, lockContract}, Reversible: r,
	}
}
