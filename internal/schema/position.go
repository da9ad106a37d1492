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

// Progress is what one batch of a backfill did.
type Progress struct {
	Position Position `json:"position"`
	Table    string   `json:"table"`
	// Pages is how many there are to fill in this table, Rows how many rows
	// this batch wrote, Batch how many pages it covered.
	Pages int64 `json:"pages"`
	Rows  int64 `json:"rows"`
	Batch int64 `json:"batch"`
}
