package release

import "time"

// LoadCheck puts instances under load, at their own addresses, and looks at
// what they answer. All instances of a side share the load.
type LoadCheck struct {
	// Plan is the load without targets, as JSON; whoever carries checks out
	// knows its form. Secrets in it are references.
	Plan string `json:"plan"`
	// Least and Most are how long it goes on, Timeout is the limit of one request,
	// which may come on top.
	Least   time.Duration `json:"least"`
	Most    time.Duration `json:"most"`
	Timeout time.Duration `json:"timeout"`
	// Baseline, if there is one, makes it a comparison with the old side.
	Baseline *Baseline `json:"baseline,omitempty"`
}

// Baseline puts the old side under the same load in the same seconds.
type Baseline struct {
	// Margin is how much slower, as a share, the new side may be: 0.2 lets pass
	// what takes 1.2 times as long.
	Margin float64 `json:"margin"`
	// Fails says that a regression fails the check; without, it is a concern.
	Fails bool `json:"fails,omitempty"`
}

// Figure is one number that a load has measured.
type Figure struct {
	// Of is the request or page, empty for all together. Metric is p50, p90, p99
	// (milliseconds), errors (a share from 0 to 1), rate (good answers a second) or
	// requests.
	Of     string  `json:"of,omitempty"`
	Metric string  `json:"metric"`
	Value  float64 `json:"value"`
	// Beside is the same of the old side, where there is a comparison, and Ratio the
	// median of Value / Beside over the rounds. Low and High are the ends of
	// its confidence interval, 0 where nothing can be said.
	Beside float64 `json:"beside,omitempty"`
	Ratio  float64 `json:"ratio,omitempty"`
	Low    float64 `json:"low,omitempty"`
	High   float64 `json:"high,omitempty"`
}

// Limit bounds how long the load can take.
func (l LoadCheck) Limit() time.Duration { return l.Most + l.Timeout }

// Compares reports whether one of the checks needs the old side.
func (p Plan) Compares() bool {
	for _, c := range p.Checks {
		if c.Load != nil && c.Load.Baseline != nil {
			return !p.alone()
		}
	}
	return false
}
