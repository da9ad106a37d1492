package lint

// Finding is one thing that would hurt.
type Finding struct {
	// ID names the rule. It never changes its meaning.
	ID string `json:"id"`
	// Place is where in the text it stands, as line:column, both from 1;
	// columns count characters.
	Place string `json:"place"`
	// Statement is the statement it is about, cut at 300 characters.
	Statement string `json:"statement"`
	// Reason says what happens, to which table or column.
	Reason string `json:"reason"`
	// SafeWay says what to write instead.
	SafeWay  string   `json:"safe_way"`
	Severity Severity `json:"severity"`
	// Accepted is the reason for which somebody accepted it; "" if nobody did.
	Accepted string `json:"accepted,omitempty"`
}

// Open reports whether the finding stands in the way: nobody accepted it, and
// it is more than a note.
func (f Finding) Open() bool { return f.Accepted == "" && f.Severity > Note }
