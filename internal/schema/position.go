package schema

// Position is how far a backfill has come. The caller keeps it, so that the
// next run need not read the same pages again; the zero value is the start.
// A position that no longer means anything, because the table was rewritten,
// is noticed and not used.
type Position struct {
	// Operation counts from 0, Page is the next one to be filled, of the
	// file Filenode names.
	Operation int    `json:"operation"`
	Page      int64  `json:"page"`
	Filenode  uint32 `json:"filenode"`
}

// Progress is what one batch of a backfill did, or, if Waits says so, why it
// does nothing.
type Progress struct {
	Position Position `json:"position"`
	Table    string   `json:"table"`
	// Pages is how many there are to fill in this table, Rows how many rows
	// this batch wrote, Batch how many pages it covered.
	Pages int64 `json:"pages"`
	Rows  int64 `json:"rows"`
	Batch int64 `json:"batch"`
	// Rate is rows per second and Left the seconds until the last page, both
	// from what has happened lately, rests and pauses included; 0 is unknown.
	Rate float64 `json:"rate,omitempty"`
	Left float64 `json:"left,omitempty"`
	// Waits is what holds the fill back, in words; "" if nothing does.
	Waits string `json:"waits,omitempty"`
}
