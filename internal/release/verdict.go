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
	// Holds says why the release stands still whatever its hold says, "" if it
	// need not: a signal is missing or speaks against going on, though not for
	// going back. Only a person goes on in spite of it.
	Holds string `json:"holds,omitempty"`
	// Pauses says why a person has to decide whether the release goes on, "" for
	// nothing: a signal is worse whose action is to pause.
	Pauses string `json:"pauses,omitempty"`
	// Evidence are the numbers themselves, nil where nothing is compared.
	Evidence *Evidence `json:"evidence,omitempty"`
	// Signals are what each signal and condition beside the requests says.
	Signals []SignalFinding `json:"signals,omitempty"`
	// Comparison is what comparing the answers of both versions has shown, nil
	// where a verdict does not rest on it.
	Comparison *Comparison `json:"comparison,omitempty"`
	// Synthetic is what requests say that are no user's, nil without such.
	Synthetic *SyntheticVerdict `json:"synthetic,omitempty"`
}

// open says what an answer waits for, or else why it is as it is.
func (v Verdict) open() string {
	if v.Holds != "" {
		return v.Holds
	}
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
