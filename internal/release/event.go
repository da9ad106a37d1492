package release

import "time"

// Event is one fact about a release. Events are recorded before anything else
// happens; the state of a release is nothing but its events folded.
type Event interface {
	// Name is the event's type in the journal. Its shape never changes for a
	// given version; see the codec of the engine for the versions known.
	Name() string
}

// Entry is an event with its place in the journal.
type Entry struct {
	Seq   int64
	At    time.Time
	Actor string
	Event Event
}

// RecordedPlan begins a release.
type RecordedPlan struct {
	Plan Plan `json:"plan"`
}

// Entered says that a phase, or the next step of it, began and why.
type Entered struct {
	Phase  Phase  `json:"phase"`
	Step   int    `json:"step"`
	Reason string `json:"reason"`
	// Reading holds the front's counters at that moment, if known, and Test
	// where the comparison of both sides stands.
	Reading *Reading `json:"reading,omitempty"`
	Test    Sealed   `json:"test,omitempty"`
}

// Reached says that the world was seen to be as the step demands: from here
// its hold is counted, in time and in requests.
type Reached struct {
	Phase   Phase   `json:"phase"`
	Step    int     `json:"step"`
	Reading Reading `json:"reading"`
}

// Intended is written before an action is carried out.
type Intended struct {
	// Key is the action's idempotency key, "release/seq".
	Key    string `json:"key"`
	Action Action `json:"action"`
}

// Finished is written after an action was carried out, or failed.
type Finished struct {
	Key  string     `json:"key"`
	Kind ActionKind `json:"kind"`
	Side Side       `json:"side,omitempty"`
	// Component is that of the action.
	Component string `json:"component,omitempty"`
	// Error is empty for success.
	Error string `json:"error,omitempty"`
	// Canceled says that it was given up because it was no longer wanted.
	Canceled bool `json:"canceled,omitempty"`
	// Took is how long it lasted.
	Took time.Duration `json:"took"`
	// Checks holds the evidence of a check action.
	Checks []CheckResult `json:"checks,omitempty"`
	// Saved is the result of a backup, Rehearsed that of a rehearsal.
	Saved     *Saved     `json:"saved,omitempty"`
	Rehearsed *Rehearsed `json:"rehearsed,omitempty"`
	// Cached is what was found or done in the cache.
	Cached *CacheResult `json:"cached,omitempty"`
	// Pool is what was done to the pools.
	Pool *PoolResult `json:"pool,omitempty"`
}

// Progressed is written now and then while rows get their new shape, or a
// generation of the cache is removed, so that a later controller need not read
// the same pages again.
type Progressed struct {
	Key      string   `json:"key"`
	Progress Progress `json:"progress"`
	// Cache is set in the place of Progress.
	Cache *CacheProgress `json:"cache,omitempty"`
}

// Requested is what a person asked for.
type Requested struct {
	Verb   Verb   `json:"verb"`
	Reason string `json:"reason,omitempty"`
}

// Halted says that the release stands still and who or what can move it on.
type Halted struct {
	Kind   HaltKind `json:"kind"`
	Reason string   `json:"reason"`
	Cure   string   `json:"cure"`
}

// Judged is written when the verdict changes.
type Judged struct {
	Verdict Verdict `json:"verdict"`
	Test    Sealed  `json:"test,omitempty"`
	// Reading holds the front's counters at that moment, nil if they are not
	// known: how many requests each side had, and what became of them, can be
	// told from the record alone.
	Reading *Reading `json:"reading,omitempty"`
}

// Weighed is written now and then while the verdict stays as it is.
type Weighed struct {
	Verdict Verdict `json:"verdict"`
	Test    Sealed  `json:"test,omitempty"`
	// Reading is as in Judged.
	Reading *Reading `json:"reading,omitempty"`
}

// VerdictOf returns the verdict that an event is about, nil for any other event.
func VerdictOf(e Event) *Verdict {
	switch ev := e.(type) {
	case Judged:
		return &ev.Verdict
	case Weighed:
		return &ev.Verdict
	}
	return nil
}

// Noticed is written when something happened that nobody ordered: an instance
// ended and was started again, readiness was lost or came back.
type Noticed struct {
	What Notice `json:"what"`
	Side Side   `json:"side,omitempty"`
	// Component names the companion it happened to.
	Component string `json:"component,omitempty"`
	Detail    string `json:"detail"`
	// Requests and Streams are what was cut (CutOff).
	Requests int `json:"requests,omitempty"`
	Streams  int `json:"streams,omitempty"`
}

// Notice names what was noticed.
type Notice string

// The notices.
const (
	Degraded  Notice = "degraded"
	Recovered Notice = "recovered"
	Restarted Notice = "instance restarted"
	// CutOff: instances are stopped although requests or streams are left.
	CutOff Notice = "drain cut off"
	// SetBack: the clock shows an earlier time than it did.
	SetBack Notice = "clock set back"
)

// Ended closes a release, with its ledger.
type Ended struct {
	Outcome Phase  `json:"outcome"`
	Reason  string `json:"reason"`
	// Rejected says that the version ran and was taken back: it is not
	// deployed again until it is allowed.
	Rejected bool            `json:"rejected,omitempty"`
	Ledger   Sides[Counters] `json:"ledger"`
}

// Allowed lifts the rejection of a version. It belongs to the app.
type Allowed struct {
	Version string `json:"version"`
	Reason  string `json:"reason,omitempty"`
}

// The names under which the events stand in the journal.
func (RecordedPlan) Name() string { return "planned" }
func (Entered) Name() string      { return "entered" }
func (Reached) Name() string      { return "reached" }
func (Intended) Name() string     { return "intended" }
func (Finished) Name() string     { return "finished" }
func (Progressed) Name() string   { return "progressed" }
func (Requested) Name() string    { return "requested" }
func (Halted) Name() string       { return "halted" }
func (Judged) Name() string       { return "judged" }
func (Weighed) Name() string      { return "weighed" }
func (Noticed) Name() string      { return "noticed" }
func (Ended) Name() string        { return "ended" }
func (Allowed) Name() string      { return "allowed" }
