package analysis

import "fmt"

// Finding is the outcome of a comparison.
type Finding int

// The findings. Only Failing takes a release back and only Healthy lets it go
// on; all others wait.
const (
	// NotEnough: data comes in, and does not suffice for either answer yet.
	NotEnough Finding = iota
	// Healthy: the new version is no worse than the margin permits.
	Healthy
	// Failing: the new version is worse than the old one.
	Failing
	// Waiting: data that the verdict needs is missing or cannot be right.
	Waiting
	// Suspicious: there is evidence against the new version, enough to stop
	// going on but not to take it back.
	Suspicious
	// BothFailing: both versions are bad, so taking back would not help.
	BothFailing
)

var findingNames = [...]string{"not enough evidence", "healthy", "failing", "waiting for data", "suspicious", "both versions are failing"}

func (f Finding) String() string {
	if f < 0 || int(f) >= len(findingNames) {
		return fmt.Sprintf("finding %d", int(f))
	}
	return findingNames[f]
}

// MarshalText makes findings readable in JSON.
func (f Finding) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (f *Finding) UnmarshalText(text []byte) error {
	for i, name := range findingNames {
		if name == string(text) {
			*f = Finding(i)
			return nil
		}
	}
	return fmt.Errorf("reading a finding: %q is none of %q", text, findingNames)
}
