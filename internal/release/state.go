package release

import (
	"fmt"
	"time"
)

// State is where a release stands: its events, folded. It holds nothing that
// could be observed instead.
type State struct {
	Release string `json:"release"`
	App     string `json:"app"`
	Plan    Plan   `json:"plan"`
	// Seq is the last event folded in.
	Seq       int64     `json:"seq"`
	StartedAt time.Time `json:"startedAt"`
	EndedAt   time.Time `json:"endedAt,omitzero"`

	Phase     Phase     `json:"phase"`
	Step      int       `json:"step"`
	Reason    string    `json:"reason"`
	EnteredAt time.Time `json:"enteredAt"`
	// Held says that the world was seen to match the step since HeldAt, when
	// the counters stood at Base.
	Held   bool      `json:"held"`
	HeldAt time.Time `json:"heldAt,omitzero"`
	Base   Reading   `json:"base,omitzero"`

	// Ledger is what each side did since the release began, over all epochs
	// of the front's counters; Last is the reading it goes up to.
	Ledger Sides[Counters] `json:"ledger"`
	Last   Reading         `json:"last,omitzero"`

	Halt *Halt `json:"halt,omitempty"`
	// Verdict is the latest on record, of JudgedAt; that is zero in a hold that
	// has none yet. Test goes with it while the release can be taken back: it is what the
	// analysis remembers of the comparison, so that another controller goes on
	// with the very same one.
	Verdict  Verdict   `json:"verdict"`
	JudgedAt time.Time `json:"judgedAt,omitzero"`
	Test     Sealed    `json:"test,omitempty"`
	// Trial counts the comparisons: another one begins when somebody wants to
	// go on in spite of a failing verdict.
	Trial int `json:"trial,omitempty"`
	// What people asked for and is not yet done.
	Next    bool   `json:"next,omitempty"`
	Promote bool   `json:"promote,omitempty"`
	Retire  bool   `json:"retire,omitempty"`
	Revert  string `json:"revert,omitempty"`

	// NoReturn says that the point of no return has passed.
	NoReturn   bool      `json:"noReturn,omitempty"`
	NoReturnAt time.Time `json:"noReturnAt,omitzero"`
	// Brought says that instances of the new version were at least ordered;
	// Rejected that the version was taken back after that.
	Brought  bool `json:"brought,omitempty"`
	Rejected bool `json:"rejected,omitempty"`
	// Expanded and Contracted say that the action was at least begun.
	Expanded   bool `json:"expanded,omitempty"`
	Contracted bool `json:"contracted,omitempty"`
	// Exchanging says the same of replacing the database.
	Exchanging bool `json:"exchanging,omitempty"`

	// Fill is how far the backfill was when it was last recorded.
	Fill Progress `json:"fill,omitzero"`
	// Saved is the backup taken for this release.
	Saved *Saved `json:"saved,omitempty"`
	// Rehearsed is what the rehearsal of the change found; Approved names who
	// went on although it found more than the plan allows.
	Rehearsed *Rehearsed `json:"rehearsed,omitempty"`
	Approved  string     `json:"approved,omitempty"`

	// Warmed says that the new instances had their warm-up.
	Warmed bool `json:"warmed,omitempty"`
	// CacheProfile is what kept namespaces held before the new version wrote to
	// them; CacheWarmed says that the new generations were filled.
	CacheProfile Sealed `json:"cacheProfile,omitempty"`
	CacheWarmed  bool   `json:"cacheWarmed,omitempty"`
	// Purged are the prefixes that were removed from the cache, Purge is how far
	// the one under way was when it was last recorded.
	Purged []string      `json:"purged,omitempty"`
	Purge  CacheProgress `json:"purge,omitzero"`
	// PoolHeld says that clients of the pools were made to wait and that the end
	// of it is not on record. PoolDrained is the side whose server connections
	// were seen to be gone.
	PoolHeld    bool `json:"poolHeld,omitempty"`
	PoolDrained Side `json:"poolDrained,omitempty"`
	// PoolTouched says that PgBouncer's configuration may be that of the release,
	// PoolFiled that it is.
	PoolTouched bool `json:"poolTouched,omitempty"`
	PoolFiled   bool `json:"poolFiled,omitempty"`
	// Checked holds the evidence of the last smoke run; Passed its outcome.
	Checked []CheckResult `json:"checked,omitempty"`
	Passed  bool          `json:"passed,omitempty"`

	// Pending are intents without a result.
	Pending []Intended `json:"pending,omitempty"`
	// Tries remembers failures and successes of the actions of this phase.
	Tries []Try `json:"tries,omitempty"`
	// DegradedAt is when each side was last seen to lack ready instances.
	DegradedAt Sides[time.Time] `json:"degradedAt,omitzero"`
	// Restarts is how many of each side's restarts have been noticed.
	Restarts Sides[int] `json:"restarts,omitzero"`
	// Forgiven is how many of the new side's restarts came before somebody
	// looked and resumed.
	Forgiven int `json:"forgiven,omitempty"`
	// NewcomerRestarts is how many restarts of the new version's companions have
	// been noticed, NewcomersForgiven how many came before somebody resumed.
	NewcomerRestarts  int `json:"newcomerRestarts,omitempty"`
	NewcomersForgiven int `json:"newcomersForgiven,omitempty"`
	// Ailing is a companion of the new version that lacks ready instances, since
	// AilingSince.
	Ailing      string    `json:"ailing,omitempty"`
	AilingSince time.Time `json:"ailingSince,omitzero"`
	// Cut is what was cut on each side because a drain was not waited for.
	Cut Sides[Cut] `json:"cut,omitzero"`
	// ReadyTook is how long the new instances took to get ready.
	ReadyTook time.Duration `json:"readyTook,omitzero"`
}

// Halt says why a release stands still and what moves it on.
type Halt struct {
	Kind   HaltKind  `json:"kind"`
	Reason string    `json:"reason"`
	Cure   string    `json:"cure"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// HaltKind tells a pause from a call for help.
type HaltKind string

// The kinds. Paused waits for `resume`; NeedsHuman goes on trying, slowly, but
// has run out of things it could do differently.
const (
	Paused     HaltKind = "paused"
	NeedsHuman HaltKind = "needs-human"
)

// Try is what is known of an action within the present phase.
type Try struct {
	Kind      ActionKind `json:"kind"`
	Side      Side       `json:"side,omitempty"`
	Component string     `json:"component,omitempty"`
	Failures  int        `json:"failures"`
	Error     string     `json:"error,omitempty"`
	At        time.Time  `json:"at"`
	OK        bool       `json:"ok"`
	// Action is what was done last, Repeats how often in a row it was done
	// without the world showing it.
	Action  Action `json:"action,omitzero"`
	Repeats int    `json:"repeats,omitempty"`
}

// Word says in one word, or few, where the release stands, as status shows it.
func (s State) Word() string {
	switch {
	case s.Halt != nil:
		return fmt.Sprintf("%s in %s", s.Halt.Kind, s.where())
	default:
		return s.where()
	}
}

func (s State) where() string {
	if s.Phase == Shifting {
		return fmt.Sprintf("shifting (%s)", s.Plan.stepText(s.Step))
	}
	return string(s.Phase)
}

// try returns what is known of an action in this phase.
func (s State) try(k ActionKind, side Side, component string) Try {
	for _, t := range s.Tries {
		if t.of(k, side, component) {
			return t
		}
	}
	return Try{}
}

func (t Try) of(k ActionKind, side Side, component string) bool {
	return t.Kind == k && t.Side == side && t.Component == component
}

// Count returns the growth of the counters since the hold began, or false if
// they started again since.
func (s State) Count(now Reading) (Sides[Counters], bool) {
	if !s.Held || now.Epoch != s.Base.Epoch || now.Epoch == "" {
		return Sides[Counters]{}, false
	}
	return Sides[Counters]{Blue: now.Sides.Blue.Minus(s.Base.Sides.Blue), Green: now.Sides.Green.Minus(s.Base.Sides.Green)}, true
}
