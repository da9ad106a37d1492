package release

// Verdict is what the analysis says about the new side in the current hold.
type Verdict struct {
	Kind VerdictKind `json:"kind"`
	// Reason gives the numbers behind the verdict, in words.
	Reason string `json:"reason"`
	// Requests is how many requests of the new side the verdict rests on.
	Requests int `json:"requests"`
}

// VerdictKind is the verdict's answer.
type VerdictKind string

// The answers. Unknown stands for missing data: it never promotes and never
// rolls back.
const (
	Unknown   VerdictKind = ""
	NotEnough VerdictKind = "not enough evidence"
	Healthy   VerdictKind = "healthy"
	Failing   VerdictKind = "failing"
)
