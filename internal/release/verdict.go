package release

// Verdict is what the analysis says about the new side now.
type Verdict struct {
	Kind VerdictKind `json:"kind"`
	// Reason gives the numbers behind the verdict, in words.
	Reason string `json:"reason"`
	// Lacks says what is still missing for an answer, "" if there is one.
	Lacks string `json:"lacks,omitempty"`
	// Requests is how many requests of the new side the verdict rests on.
	Requests int `json:"requests"`
	// Evidence are the numbers themselves, nil where nothing is compared.
	Evidence *Evidence `json:"evidence,omitempty"`
}

// open says what an answer waits for, or else why it is as it is.
func (v Verdict) open() string {
	if v.Lacks != "" {
		return v.Lacks
	}
	return v.Reason
}

// VerdictKind is the verdict's answer.
type VerdictKind string

// The answers. Unknown stands for missing data: it never promotes and never
// rolls back. BothFailing pauses: going back would not help.
const (
	Unknown     VerdictKind = ""
	NotEnough   VerdictKind = "not enough evidence"
	Healthy     VerdictKind = "healthy"
	Failing     VerdictKind = "failing"
	BothFailing VerdictKind = "both versions are failing"
)

// grave reports whether something has to be done at once.
func (k VerdictKind) grave() bool { return k == Failing || k == BothFailing }

// Test is what the analysis remembers of the comparison, as JSON that means
// nothing to this package. It is kept on record so that another controller goes
// on with the very same test.
type Test []byte

// MarshalJSON returns it as it is.
func (t Test) MarshalJSON() ([]byte, error) {
	if len(t) == 0 {
		return []byte("null"), nil
	}
	return t, nil
}

// UnmarshalJSON keeps it as it is.
func (t *Test) UnmarshalJSON(text []byte) error {
	*t = nil
	if string(text) != "null" {
		*t = append(*t, text...)
	}
	return nil
}
