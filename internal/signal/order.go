package signal

import "cutover/internal/analysis"

// Order says what is to be watched, and how things stand.
type Order struct {
	// Release names the watch: another release of the app begins anew.
	Release string  `json:"release"`
	Set     Set     `json:"set"`
	Subject Subject `json:"subject"`
	Moment  Moment  `json:"moment"`
	// Baselines are what a former Report had, so that a controller that was
	// started again knows how things were before the release.
	Baselines map[string]Baseline `json:"baselines,omitempty"`
}

// Report is what the signals say now.
type Report struct {
	// Findings has one for each signal, then one for each condition.
	Findings []Finding `json:"findings,omitempty"`
	// Readings and Settings are for internal/analysis, of signals that are
	// evidence. Epoch changes when the readings count from zero again.
	Readings []analysis.Reading `json:"readings,omitempty"`
	Settings []analysis.Signal  `json:"settings,omitempty"`
	Epoch    string             `json:"epoch,omitempty"`
	// Baselines should be kept with the release.
	Baselines map[string]Baseline `json:"baselines,omitempty"`
}
