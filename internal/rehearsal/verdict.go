package rehearsal

import (
	"fmt"
	"slices"
)

// Verdict is what a rehearsal says of a change, from the good to the bad.
type Verdict int

// The verdicts.
const (
	// Compatible: it ran, nothing that old code uses is taken away, and no
	// lock would be noticed.
	Compatible Verdict = iota + 1
	// NeedsCare: somebody has to look, because it depends on what old code
	// writes, or because users would have to wait.
	NeedsCare
	// Destructive: it takes away what old code uses or what people wrote.
	Destructive
	// Failed: it did not run to its end, so nothing is proven.
	Failed
)

var verdicts = []string{Compatible: "compatible", NeedsCare: "needs care", Destructive: "destructive", Failed: "failed"}

// String returns the verdict in words.
func (v Verdict) String() string {
	if v < Compatible || v > Failed {
		return fmt.Sprintf("verdict %d", int(v))
	}
	return verdicts[v]
}

// MarshalText writes the verdict's words.
func (v Verdict) MarshalText() ([]byte, error) {
	if v < Compatible || v > Failed {
		return nil, fmt.Errorf("write verdict: there is no verdict %d", int(v))
	}
	return []byte(verdicts[v]), nil
}

// UnmarshalText reads the verdict's words.
func (v *Verdict) UnmarshalText(text []byte) error {
	i := slices.Index(verdicts, string(text))
	if i < int(Compatible) {
		return fmt.Errorf("read verdict: %q is none of compatible, needs care, destructive, failed", text)
	}
	*v = Verdict(i)
	return nil
}
