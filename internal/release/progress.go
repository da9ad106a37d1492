package release

import (
	"fmt"
	"time"
)

// Position is how far a fill has come; the schema's adapter knows what it
// means. The zero value is the start.
type Position struct {
	Operation int    `json:"operation"`
	Page      int64  `json:"page"`
	File      uint32 `json:"file,omitempty"`
}

// Progress is how far a fill has come, for people.
type Progress struct {
	Position Position `json:"position"`
	// Table is the one being filled; Done and Total count its pages, Rows
	// what was written to it since the fill was taken up.
	Table string `json:"table"`
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
	Rows  int64  `json:"rows"`
	// RowsPerSecond is the present rate, Left the time left at that rate; 0
	// is not known.
	RowsPerSecond float64       `json:"rowsPerSecond,omitempty"`
	Left          time.Duration `json:"left,omitempty"`
	// Waits says what it waits for; empty while it works.
	Waits string `json:"waits,omitempty"`
}

// String says it in a few words.
func (p Progress) String() string {
	if p.Table == "" {
		return "not begun"
	}
	text := p.Table
	if p.Total > 0 {
		text += fmt.Sprintf(": %.0f %% of %s", 100*float64(min(p.Done, p.Total))/float64(p.Total), plural(int(p.Total), "page", "pages"))
	}
	if p.RowsPerSecond > 0 {
		text += fmt.Sprintf(", %.0f rows/s", p.RowsPerSecond)
	}
	if p.Left > 0 {
		text += ", " + Span(p.Left.Round(time.Second)) + " left"
	}
	if p.Waits != "" {
		text += ", waits: " + p.Waits
	}
	return text
}
