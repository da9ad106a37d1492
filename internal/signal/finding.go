package signal

import "fmt"

// Verdict is the outcome for one signal or condition.
type Verdict int

// The verdicts.
const (
	// Waits: a number that it needs is missing.
	Waits Verdict = iota
	// Fine: the new side is no worse than permitted.
	Fine
	// Worsened: it is worse, which is not enough to act: a guard's time is not
	// up, a condition only holds the release, or evidence has to gather.
	Worsened
	// Breached: the release is to be taken back.
	Breached
	// BothBreached: the old side is as bad, or it was as bad before the
	// release, so that taking back would not help.
	BothBreached
	// ToPause: a guard whose action is to pause has found it worse for long
	// enough. A person says what follows.
	ToPause
)

var verdictNames = [...]string{"waiting", "fine", "worse", "breached", "both sides breached", "breached, to pause"}

func (v Verdict) String() string {
	if v < 0 || int(v) >= len(verdictNames) {
		return fmt.Sprintf("verdict %d", int(v))
	}
	return verdictNames[v]
}

// MarshalText makes verdicts readable in JSON.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i, name := range verdictNames {
		if name == string(text) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("reading a verdict: %q is none of %q", text, verdictNames)
}

// Finding is what one signal or condition says now.
type Finding struct {
	// Name is that of the signal or condition.
	Name    string  `json:"name"`
	Role    Role    `json:"role"`
	Verdict Verdict `json:"verdict"`
	// Reason says it in words, with the numbers.
	Reason string `json:"reason"`
	// Values are a signal's numbers.
	Values Values  `json:"values,omitzero"`
	Weight float64 `json:"weight,omitempty"`
}

func (f Finding) String() string { return f.Name + " " + f.Verdict.String() + ": " + f.Reason }
