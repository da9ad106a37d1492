package rehearsal

// Reason is one thing a verdict rests on.
type Reason struct {
	// ID names the kind of thing, such as dropped-column. It never changes its
	// meaning.
	ID      string  `json:"id"`
	Verdict Verdict `json:"verdict"`
	// What names the object and what happens to it.
	What string `json:"what"`
	// Why says what follows from it, and what to do.
	Why string `json:"why"`
	// Evidence is what was seen.
	Evidence []string `json:"evidence,omitempty"`
	// Later says that it happens only when old code is gone for good: it does
	// not count in the verdict.
	Later bool `json:"later,omitempty"`
}
