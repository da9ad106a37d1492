package report

import (
	"time"

	"cutover/internal/release"
)

// Report is what the records of one release tell. Its JSON is stable: fields
// may be added, none is renamed or removed. Durations are nanoseconds, times
// UTC, shares go from 0 to 1.
type Report struct {
	Release string `json:"release"`
	App     string `json:"app"`
	// Author planned it.
	Author   string           `json:"author"`
	Strategy release.Strategy `json:"strategy"`
	// FlagsOff are the flags that were off when it was recorded, and stayed off.
	FlagsOff []release.FlagOff `json:"flagsOff,omitempty"`
	From     Version           `json:"from"`
	To       Version           `json:"to"`

	Began time.Time `json:"began"`
	// Ended is zero while SoFar: the release is under way, and the report tells
	// what was on record at AsOf.
	Ended time.Time     `json:"ended,omitzero"`
	AsOf  time.Time     `json:"asOf"`
	Took  time.Duration `json:"took"`
	SoFar bool          `json:"soFar"`

	// Word is where it stands, such as "shifting (10%)"; Reason why.
	Word   string `json:"word"`
	Reason string `json:"reason"`
	// Rejected says that the new version was taken back and is refused from
	// now on. NoReturn is when the point of no return was passed.
	Rejected bool      `json:"rejected,omitempty"`
	NoReturn time.Time `json:"noReturn,omitzero"`

	// Verdict is the last one that had evidence, nil if none ever had.
	Verdict *Judgement `json:"verdict,omitempty"`
	Stages  []Stage    `json:"stages"`
	Course  Course     `json:"course"`

	// Signals are what each signal and condition beside the requests said last.
	Signals []release.SignalFinding `json:"signals,omitempty"`
	Checks  []Checked               `json:"checks,omitempty"`
	// Shadow is what comparing the answers of both versions has shown.
	Shadow    *release.Comparison `json:"shadow,omitempty"`
	Schema    *Schema             `json:"schema,omitempty"`
	Backup    *release.Saved      `json:"backup,omitempty"`
	Rehearsal *Rehearsal          `json:"rehearsal,omitempty"`

	// Ledger is what became of the requests of each side, Total of all.
	Ledger release.Sides[Account] `json:"ledger"`
	Total  Account                `json:"total"`

	// Said is what people asked for, Notes what else happened: verdicts, halts,
	// and what nobody had ordered.
	Said  []Said `json:"said"`
	Notes []Note `json:"notes"`

	Journal Range `json:"journal"`
}

// Version is one of the two versions of a release.
type Version struct {
	// Version is empty where nothing served before.
	Version string       `json:"version,omitempty"`
	Side    release.Side `json:"side"`
	Digest  string       `json:"digest,omitempty"`
}

// Judgement is a verdict with its time.
type Judgement struct {
	At time.Time `json:"at"`
	// During is where the release stood then.
	During string `json:"during"`
	release.Verdict
}

// Checked is the result of one check, or of the load of a warm-up.
type Checked struct {
	At time.Time `json:"at"`
	// Kind is check or warm-up.
	Kind release.ActionKind `json:"kind"`
	release.CheckResult
}

// Schema is how far the change of the schema has come.
type Schema struct {
	// Stages are those that the plan has: expand, backfill, contract.
	Stages []string `json:"stages"`
	// Native says that the app's own migrations do the work.
	Native     bool             `json:"native,omitempty"`
	Expanded   bool             `json:"expanded"`
	Contracted bool             `json:"contracted"`
	Reverted   bool             `json:"reverted"`
	Fill       release.Progress `json:"fill,omitzero"`
}

// Rehearsal is what trying the change on a clone has shown, and who approved
// of it where that was asked.
type Rehearsal struct {
	release.Rehearsed
	Approved string `json:"approved,omitempty"`
}

// Account is what became of the requests of one side. Before and Accepted
// together are Answered, ClientGone, Lost and InFlight together.
type Account struct {
	release.Counters
	// Before were accepted before the release began and in flight then.
	Before   uint64 `json:"before"`
	InFlight uint64 `json:"inFlight"`
}

// accountOf completes counters that have grown since some were in flight.
func accountOf(grown release.Counters, before uint64) Account {
	return Account{Counters: grown, Before: before, InFlight: open(grown, before)}
}

// open is how many of the accepted, and of those from before, have no end yet.
func open(c release.Counters, before uint64) uint64 {
	ended := c.Answered + c.ClientGone + c.Lost
	if c.Accepted+before < ended {
		return 0
	}
	return c.Accepted + before - ended
}

// Said is what a person asked for.
type Said struct {
	At     time.Time    `json:"at"`
	Who    string       `json:"who"`
	Verb   release.Verb `json:"verb"`
	Reason string       `json:"reason,omitempty"`
	// Approves says that it approved of what a rehearsal had found.
	Approves bool `json:"approves,omitempty"`
}

// Note is something that happened, in a sentence.
type Note struct {
	Seq  int64     `json:"seq"`
	At   time.Time `json:"at"`
	Kind string    `json:"kind"`
	Text string    `json:"text"`
}

// Range says which records the report rests on, so that they can be verified.
type Range struct {
	Records int   `json:"records"`
	First   Place `json:"first"`
	Last    Place `json:"last"`
	// Whole says that every hash and the chain from First to Last were checked
	// and hold, the records of other releases between them included.
	Whole bool `json:"whole"`
}

// Place is a record's number and hash.
type Place struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}
