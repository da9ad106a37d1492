package release

import "time"

// Check is one question put to the instances of the side being brought in,
// before they get any traffic. Exactly one of HTTP, Command and Load is set.
type Check struct {
	Name    string        `json:"name"`
	HTTP    *HTTPCheck    `json:"http,omitempty"`
	Command *CommandCheck `json:"command,omitempty"`
	Load    *LoadCheck    `json:"load,omitempty"`
	// Retries is how often a failed try is repeated, Every the pause between
	// tries, Timeout the limit of one try. A load has limits of its own.
	Retries int           `json:"retries"`
	Every   time.Duration `json:"every"`
	Timeout time.Duration `json:"timeout"`
}

// HTTPCheck sends one request to each instance and looks at the answer.
type HTTPCheck struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	// Headers values may be references ("env:NAME", "file:/path").
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	// Status lists the accepted codes.
	Status []int `json:"status"`
	// JSON maps a path such as "$.result[0].name" to the value it must have;
	// Regexp must match the body.
	JSON       map[string]string `json:"json,omitempty"`
	Regexp     string            `json:"regexp,omitempty"`
	MaxLatency time.Duration     `json:"maxLatency,omitzero"`
}

// CommandCheck runs a program once per instance; exit code 0 passes. The
// environment has CUTOVER_ADDR, CUTOVER_URL, CUTOVER_VERSION and CUTOVER_SIDE.
type CommandCheck struct {
	Args []string `json:"args"`
	Dir  string   `json:"dir"`
}

// CheckResult is the evidence of one check.
type CheckResult struct {
	Name     string        `json:"name"`
	Passed   bool          `json:"passed"`
	Attempts int           `json:"attempts"`
	Took     time.Duration `json:"took"`
	// Evidence says what was seen: status, latency, and for a failure what
	// was expected instead and the beginning of the body or output.
	Evidence string `json:"evidence"`
	// Concern says what deserves a look although the check has passed.
	Concern string `json:"concern,omitempty"`
	// Figures are what a load has measured.
	Figures []Figure `json:"figures,omitempty"`
}

// Concerns lists the concerns of results, each with the name of its check.
func Concerns(results []CheckResult) []string {
	var list []string
	for _, r := range results {
		if r.Concern != "" {
			list = append(list, r.Name+": "+r.Concern)
		}
	}
	return list
}
