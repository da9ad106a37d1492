package release

// Phase is a stage of a release.
type Phase string

// The phases, in the order of a release that goes well, then the way back.
const (
	Planned     Phase = "planned"
	Waiting     Phase = "waiting"
	Preflight   Phase = "preflight"
	Expanding   Phase = "expanding"
	Backfilling Phase = "backfilling"
	Restoring   Phase = "restoring"
	Starting    Phase = "starting"
	Warming     Phase = "warming"
	Testing     Phase = "testing"
	Shifting    Phase = "shifting"
	Soaking     Phase = "soaking"
	Standby     Phase = "standby"
	Retiring    Phase = "retiring"
	Contracting Phase = "contracting"
	Done        Phase = "done"
	Reverting   Phase = "reverting"
	RolledBack  Phase = "rolled-back"
	// Withdrawing and Compared end a shadow release: the new version, which
	// never had users, goes, and what was found is on record.
	Withdrawing Phase = "withdrawing"
	Compared    Phase = "compared"
)

// Phases lists every phase there is.
func Phases() []Phase {
	return []Phase{Planned, Waiting, Preflight, Expanding, Backfilling, Restoring, Starting, Warming, Testing,
		Shifting, Soaking, Standby, Retiring, Contracting, Done, Reverting, RolledBack, Withdrawing, Compared}
}

// Ended reports whether nothing further will happen by itself.
func (ph Phase) Ended() bool { return ph == Done || ph == RolledBack || ph == Compared }

// Reversible reports whether a release in this phase can still be taken back.
func (ph Phase) Reversible() bool {
	switch ph {
	case Retiring, Contracting, Done, Reverting, RolledBack, Withdrawing, Compared:
		return false
	}
	return true
}

// carries reports whether the new side may have public traffic.
func (ph Phase) carries() bool { return ph == Shifting || ph == Soaking || ph == Standby }

// watched reports whether the new side's instances have been ready once, so
// that losing them says something about the version.
func (ph Phase) watched() bool { return ph == Warming || ph == Testing || ph.carries() }
