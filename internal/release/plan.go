package release

import "time"

// Plan is everything a release will do, fixed when it is recorded: no later
// change of a file or default can alter a release under way.
type Plan struct {
	Release string `json:"release"`
	App     string `json:"app"`
	Author  string `json:"author"`
	// From is what serves when the release begins; its Version is empty for
	// the first release of an app. To is what comes in.
	From Target `json:"from"`
	To   Target `json:"to"`
	// Adopts says that To ran before cutover knew of it: the release only enters
	// it and leads users to it. Taking it back ends nothing.
	Adopts bool `json:"adopts,omitempty"`
	// Component is how people call the component with users, "" in a plan of
	// before that was recorded.
	Component string `json:"component,omitempty"`
	// Replicas is how many instances each side has when it carries everything.
	Replicas int `json:"replicas"`
	// Companions are the components without users, sorted by name.
	Companions []Companion `json:"companions,omitempty"`
	Front      Front       `json:"front"`
	Strategy   Strategy    `json:"strategy"`
	// Steps are the traffic steps of a canary, growing, the last one All.
	// Blue-green has exactly one, All. Rolling has none: its batches follow
	// from Rolling and Replicas. A step with a Shadow may come before these;
	// ShadowOnly has that one alone.
	Steps []Step `json:"steps,omitempty"`
	// Pace says what ends a step; "" means Fixed.
	Pace Pace `json:"pace,omitempty"`
	// Holdback is the share of a canary's traffic that stays with the old
	// version at the last step and while it soaks, so that there is still
	// something to compare with; None for none.
	Holdback Weight  `json:"holdback,omitempty"`
	Rolling  Rolling `json:"rolling,omitzero"`
	// ReadyWithin bounds how long the new instances may take to get ready;
	// Settle is how long all of them must then stay ready without a break.
	ReadyWithin time.Duration `json:"readyWithin"`
	Settle      time.Duration `json:"settle"`
	// WarmUp is the load that the new instances get before they are tested. Its
	// figures are kept and judge nothing.
	WarmUp *LoadCheck `json:"warmUp,omitempty"`
	Checks []Check    `json:"checks,omitempty"`
	// Synthetic is what both sides are asked where users ask too little, nil for
	// nothing.
	Synthetic *Synthetic `json:"synthetic,omitempty"`
	// Soak is the watch at full traffic before standby begins.
	Soak Hold `json:"soak"`
	// Standby is how long the old side stays ready to take everything back.
	Standby time.Duration `json:"standby"`
	Drain   Drain         `json:"drain"`
	Guard   Guard         `json:"guard"`
	Gates   []Window      `json:"gates,omitempty"`
	// Database is where the app keeps its data, if the file says so.
	Database Database `json:"database,omitzero"`
	// Cache is where the app caches, and what becomes of it.
	Cache Cache `json:"cache,omitzero"`
	// Signals is what the release is judged by beside its requests, nil for
	// nothing.
	Signals Sealed `json:"signals,omitempty"`
	Schema  Schema `json:"schema,omitzero"`
	// Rehearsal is the trial of the schema change on a clone.
	Rehearsal Rehearsal `json:"rehearsal,omitzero"`
	// Backup is what is saved before anything is changed.
	Backup Backup `json:"backup,omitzero"`
	// Restore names the backup that a release of the strategy Restore puts in
	// the place of the database.
	Restore string `json:"restore,omitempty"`
	Tries   Tries  `json:"tries"`
	// Flags are the features of the version that can be switched off by
	// themselves, sorted by name. FlagsOff are those that were off when the
	// release was recorded, and stay off.
	Flags    []Flag    `json:"flags,omitempty"`
	FlagsOff []FlagOff `json:"flagsOff,omitempty"`
}

// Target is a version on a side.
type Target struct {
	Version string `json:"version"`
	Side    Side   `json:"side"`
	// Digest identifies Artefact: SHA-256 of its JSON, in hex.
	Digest   string   `json:"digest"`
	Artefact Artefact `json:"artefact"`
}

// Strategy is the manner in which traffic moves.
type Strategy string

// The strategies.
const (
	// Canary moves traffic in steps, both sides at full strength.
	Canary Strategy = "canary"
	// BlueGreen moves all traffic at once.
	BlueGreen Strategy = "blue-green"
	// RollingUpdate replaces instances batch by batch; the old ones are stopped, so
	// the way back is to start them again.
	RollingUpdate Strategy = "rolling"
	// ShadowOnly gives the new side copies of requests and no traffic, compares
	// the answers, and takes the new version away again.
	ShadowOnly Strategy = "shadow"
	// Restore brings an older version back together with the data of a backup:
	// the present version is stopped, the database replaced, and only then the
	// older one started. Users are not served in between.
	Restore Strategy = "restore"
)

// Pace is what decides how long a step lasts.
type Pace string

// The paces. With either no step ends before its hold's least time and
// requests, nor on a verdict that is not good.
const (
	// Fixed holds each step as its hold says; a hold that asks for no requests
	// ends by time alone.
	Fixed Pace = "fixed"
	// Adaptive holds each step until there is evidence that it may go on.
	Adaptive Pace = "adaptive"
)

// Step is one share of traffic and how long it is held.
type Step struct {
	Weight Weight `json:"weight"`
	Hold   Hold   `json:"hold"`
	// Shadow has copies of requests sent to the new side; the step's weight
	// is None then.
	Shadow *Shadow `json:"shadow,omitempty"`
}

// Hold ends when AtLeast has passed, the new side has had AtLeastRequests
// requests and the verdict is healthy. After AtMost without these it becomes
// a pause that says why. AtMost 0 means no limit.
type Hold struct {
	AtLeast         time.Duration `json:"atLeast"`
	AtLeastRequests int           `json:"atLeastRequests"`
	AtMost          time.Duration `json:"atMost"`
}

// Rolling says how batches go: Parallelism old instances are drained and
// stopped and as many new ones started in their place, watched for Monitor;
// then Delay passes before the next batch. If more than the share
// MaxFailureRatio (0..1) of the new instances fail, OnFailure happens.
type Rolling struct {
	Parallelism     int           `json:"parallelism"`
	Delay           time.Duration `json:"delay"`
	Monitor         time.Duration `json:"monitor"`
	MaxFailureRatio float64       `json:"maxFailureRatio"`
	OnFailure       OnFailure     `json:"onFailure"`
}

// OnFailure is what follows a failing verdict.
type OnFailure string

// The choices. Rollback is the default.
const (
	Rollback OnFailure = "rollback"
	Pause    OnFailure = "pause"
)

// Drain bounds how long requests in flight may take to complete on a side
// that gets no new ones. After Wait, OnTimeout decides.
type Drain struct {
	Wait      time.Duration `json:"wait"`
	OnTimeout OnTimeout     `json:"onTimeout"`
}

// OnTimeout is what follows a drain that did not end in time.
type OnTimeout string

// The choices. DrainPause waits for a person, DrainForce goes on and the
// requests left are counted as lost, with their number on record.
const (
	DrainPause OnTimeout = "pause"
	DrainForce OnTimeout = "force"
	// DrainWait goes on waiting, for as long as it takes.
	DrainWait OnTimeout = "wait"
)

// Guard says when a release is taken back, and what it takes to go on.
type Guard struct {
	// FalseAlarms is the permitted chance, over the whole release and however
	// often one looks, that a version is taken back that is no worse. 0 means
	// that the plan is from before there was such a limit: the analysis' own
	// defaults count then.
	FalseAlarms float64 `json:"falseAlarms,omitempty"`
	// Slower is how much slower, as a share of the old version's times, the new
	// version may be; AnySlower lets it be as slow as it likes. WarmUp leaves
	// its first moments out of that comparison.
	Slower float64       `json:"slower,omitempty"`
	WarmUp time.Duration `json:"warmUp,omitempty"`
	// Outage is the share 0..1 of bad requests beyond which a version is bad by
	// itself; where both are, the release pauses. 0 means that none is.
	Outage float64 `json:"outage,omitempty"`
	// MinRequests is how many requests the new side must have had in a hold
	// that asks for evidence.
	MinRequests int `json:"minRequests"`
	// Margin is how far, as a share 0..1, the new side's errors may exceed the
	// old side's for it to go on. If it is 0 it follows from the traffic: as far
	// as one more failed request a second at the next step.
	Margin float64 `json:"margin"`
	// MaxRestarts is how often instances of the new side may end by
	// themselves; one more fails the release.
	MaxRestarts int `json:"maxRestarts"`
	// OnFailure is what a failing verdict leads to.
	OnFailure OnFailure `json:"onFailure"`
}

// AnySlower is the Guard.Slower of a release whose times are not compared.
const AnySlower = -1

// Window is a weekly span of time, in UTC, in which a release may begin.
type Window struct {
	// Days is a set of weekdays; empty means every day.
	Days []time.Weekday `json:"days,omitempty"`
	// From and To are offsets from midnight. To may be less than From: then
	// the window ends on the next day.
	From time.Duration `json:"from"`
	To   time.Duration `json:"to"`
}

// Tries bounds how often a failing action is tried again, and how long to
// wait before: Pause after the first failure, twice as much after each
// further one, at most MaxPause.
type Tries struct {
	Most     int           `json:"most"`
	Pause    time.Duration `json:"pause"`
	MaxPause time.Duration `json:"maxPause"`
}

// alone reports whether the new side serves by itself from its first request
// on: there is no old side, or it cannot run on the same database.
func (p Plan) alone() bool { return p.First() || p.Strategy == Restore }

// First reports whether nothing serves yet.
func (p Plan) First() bool { return p.From.Version == "" }
