package release

import (
	"fmt"
	"time"
)

// Synthetic is what cutover asks both sides by itself, at the same times, where
// users ask too little: while traffic shifts and soaks. It never passes the
// front, so none of it is among the users' requests or in their verdict.
type Synthetic struct {
	// Plan is the load without targets, as JSON, as in a LoadCheck.
	Plan string `json:"plan"`
	// Runs says that a pair is a run of several requests, not a single one.
	Runs bool `json:"runs,omitempty"`
	// Rate is how many pairs a second are sent, one to each side.
	Rate float64 `json:"rate"`
	// WhenBelow is how many requests of users a side needs in a minute for
	// none to be sent.
	WhenBelow int `json:"whenBelow"`
	// Block is the time within which what goes wrong counts once.
	Block time.Duration `json:"block"`
	// Promotes lets evidence for the new version end a hold for which users
	// send too little. Without, it only ever speaks against a version.
	Promotes bool `json:"promotes,omitempty"`
}

// SyntheticOrder says how things stand for the synthetic requests of a release.
type SyntheticOrder struct {
	App, Release string
	Synthetic    Synthetic
	// Sends says whether pairs are sent now, to the ready instances Old and New.
	Sends    bool
	Old, New []Instance
	// First is the number of the first pair, where the sending begins.
	First uint64
}

// SyntheticPair is what became of one request, or run, on both sides.
type SyntheticPair struct {
	// At is when both had ended.
	At time.Time
	// Of names what was asked for.
	Of       string
	Old, New SyntheticTry
	// Void says why it tells nothing of either version, "" if it does: this
	// machine could not send it, or no connection came about.
	Void string
}

// SyntheticTry is what one side did with it.
type SyntheticTry struct {
	Bad  bool
	Took time.Duration
}

// SyntheticVerdict is what the synthetic requests say, beside the users'.
type SyntheticVerdict struct {
	Kind VerdictKind `json:"kind"`
	// Reason gives the numbers, Lacks what is missing for an answer.
	Reason string `json:"reason,omitempty"`
	Lacks  string `json:"lacks,omitempty"`
	// Rests says why none are sent now, "" if they are.
	Rests string `json:"rests,omitempty"`
	// Pairs have told something since the comparison began. InHold is how many
	// of them the new version has answered well in this hold.
	Pairs  int `json:"pairs"`
	InHold int `json:"inHold"`
	// StandsIn says that the verdict is healthy by these, for want of users.
	StandsIn bool      `json:"standsIn,omitempty"`
	Evidence *Evidence `json:"evidence,omitempty"`
}

// Synthesizes reports whether the release is at a point at which synthetic
// requests may be sent while it holds a share of the traffic.
func (s State) Synthesizes() bool {
	return s.Plan.Synthetic != nil && !s.Plan.alone() && (s.Phase == Shifting || s.Phase == Soaking) && s.shadow() == nil && !s.Plan.shadowOnly()
}

// standIn is how many requests of a hold are stood in for, 0 unless the release
// lets synthetic ones do that and the verdict rests on them.
func (p Plan) standIn(v Verdict) int {
	if p.Synthetic == nil || !p.Synthetic.Promotes || v.Synthetic == nil || !v.Synthetic.StandsIn {
		return 0
	}
	return v.Synthetic.InHold
}

// pairs is how many pairs the verdict rests on, beside its requests.
func (v Verdict) pairs() int {
	if v.Synthetic == nil {
		return 0
	}
	return v.Synthetic.Pairs
}

// checkStandIn is I8 for requests that are no user's: they promote only where
// the release says so.
func checkStandIn(p Plan, v Verdict) []Violation {
	switch {
	case v.Synthetic == nil || !v.Synthetic.StandsIn:
		return nil
	case p.Synthetic == nil || !p.Synthetic.Promotes:
		return []Violation{{"I8", "promotion by synthetic requests, which the release does not allow"}}
	case v.Synthetic.Kind != Healthy:
		return []Violation{{"I8", fmt.Sprintf("promotion by synthetic requests whose verdict is %q", v.Synthetic.Kind)}}
	}
	return nil
}
