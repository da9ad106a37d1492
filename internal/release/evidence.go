package release

import "time"

// Evidence is how far a comparison has come. Evidence is counted in odds: 1 is
// none, and so many times 1 makes an error so many times rarer.
type Evidence struct {
	// Against is the evidence that the new version is worse: at AgainstNeeded
	// the verdict is Failing.
	Against       float64 `json:"against"`
	AgainstNeeded float64 `json:"againstNeeded"`
	// For is the evidence that it may go on: at ForNeeded it is Healthy.
	For       float64 `json:"for"`
	ForNeeded float64 `json:"forNeeded"`
	// MoreRequests is about how many good requests of the new version that
	// still takes.
	MoreRequests float64          `json:"moreRequests"`
	Signals      []SignalEvidence `json:"signals,omitempty"`
}

// SignalEvidence is what one signal says.
type SignalEvidence struct {
	Signal string `json:"signal"`
	// Old and New are what was seen of each since the comparison began.
	Old Observed `json:"old"`
	New Observed `json:"new"`
	// Against and For are this signal's own evidence, Part its part, 0..1, of
	// all that is against the new version.
	Against float64 `json:"against"`
	For     float64 `json:"for"`
	Part    float64 `json:"part"`
	// Margin is how much worse the new version may be, a share.
	Margin float64 `json:"margin"`
	// Alone says that the old version had no requests to compare with.
	Alone bool `json:"alone,omitempty"`
	// Missing says why the latest look gave no evidence, "" if it could.
	Missing string `json:"missing,omitempty"`
}

// Observed is what one signal saw of one version.
type Observed struct {
	Requests float64 `json:"requests"`
	Bad      float64 `json:"bad"`
	// RecentBad is the share of bad requests of about the last minute.
	RecentBad float64 `json:"recentBad"`
	// Half and Most are what half and 99 % of the answers took at most, 0 for a
	// signal that is not about time.
	Half time.Duration `json:"half,omitempty"`
	Most time.Duration `json:"most,omitempty"`
}
