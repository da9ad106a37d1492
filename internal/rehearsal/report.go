package rehearsal

import (
	"encoding/json"
	"fmt"
	"time"

	"cutover/internal/release"
)

// Report is what a rehearsal found. Its JSON is stable: fields are added, and
// not renamed. Times are milliseconds, sizes are bytes.
type Report struct {
	// Format is the version of the report; 1.
	Format  int       `json:"format"`
	Verdict Verdict   `json:"verdict"`
	Reasons []Reason  `json:"reasons"`
	Began   time.Time `json:"began"`
	Took    int64     `json:"took_ms"`
	Clone   Clone     `json:"clone"`
	// Recorder says how it was recorded and what could not be seen.
	Recorder Recorder `json:"recorder"`
	Steps    []Ran    `json:"steps"`
	// Tables are those of before the change that it locked, wrote or rewrote.
	Tables []Table `json:"tables"`
	// Statements is how the statements of the old code fared.
	Statements Proof   `json:"statements"`
	Checks     []Check `json:"checks"`
	// Swept are databases that earlier rehearsals, killed in the middle, had
	// left and that are gone now.
	Swept []string `json:"swept,omitempty"`
}

// Clone is the database the change was rehearsed on.
type Clone struct {
	// Way is how it was made.
	Way    Way    `json:"way"`
	Server string `json:"server"`
	// Bytes is its size when it was made, Took how long that took.
	Bytes int64 `json:"bytes"`
	Took  int64 `json:"took_ms"`
	// Owners says that owners and rights are those of the original.
	Owners bool `json:"owners"`
}

// Recorder says how it was recorded.
type Recorder struct {
	// By is "event triggers and samples" or "samples".
	By string `json:"by"`
	// Blind lists what could not be seen that way.
	Blind []string `json:"blind"`
	// Samples is how many were taken.
	Samples int `json:"samples"`
}

// Ran is how one step went.
type Ran struct {
	Name  string `json:"name"`
	Alone bool   `json:"alone,omitempty"`
	Back  bool   `json:"back,omitempty"`
	Took  int64  `json:"took_ms"`
	// Expected is how long it may take on production.
	Expected int64 `json:"expected_ms"`
	// Error is why it failed, "" if it did not; Output the end of what it said.
	Error      string      `json:"error,omitempty"`
	Output     string      `json:"output,omitempty"`
	Statements []Statement `json:"statements"`
}

// Statement is one statement that changed the schema or took a lock that
// users may notice.
type Statement struct {
	// Tag is PostgreSQL's name for its kind; "" if it was only sampled.
	Tag  string `json:"tag,omitempty"`
	Text string `json:"text"`
	// Took is how long it ran, in milliseconds; of a sampled one it is at
	// least that, up to the time between two samples more.
	Took float64 `json:"took_ms"`
	// Expected is how long it may take on production.
	Expected float64 `json:"expected_ms"`
	Sampled  bool    `json:"sampled,omitempty"`
	// Locks are those it took in addition to what its transaction had.
	Locks   []Lock   `json:"locks,omitempty"`
	Rewrote []string `json:"rewrote,omitempty"`
	Dropped []string `json:"dropped,omitempty"`
	Objects []string `json:"objects,omitempty"`
}

// Lock is a lock on a table, or an index, of before the change.
type Lock struct {
	Table string `json:"table"`
	// Mode is PostgreSQL's name, such as AccessExclusiveLock.
	Mode string `json:"mode"`
}

// Table is what happened to one table of before the change.
type Table struct {
	Name string `json:"name"`
	// Rows and Bytes are those of the clone before; rows are estimated, and
	// negative if unknown.
	Rows  int64 `json:"rows"`
	Bytes int64 `json:"bytes"`
	// Production is the size there, negative if unknown.
	Production int64 `json:"production_bytes"`
	// Lock is the strongest mode, Blocks what users cannot do meanwhile, and
	// Held how long it was held at a stretch.
	Lock     string `json:"lock,omitempty"`
	Blocks   string `json:"blocks,omitempty"`
	Held     int64  `json:"held_ms"`
	Expected int64  `json:"expected_held_ms"`
	// Rewritten says that the table got a new file, of the size given.
	Rewritten      bool  `json:"rewritten,omitempty"`
	RewrittenBytes int64 `json:"rewritten_bytes,omitempty"`
	Inserted       int64 `json:"inserted,omitempty"`
	Updated        int64 `json:"updated,omitempty"`
	Deleted        int64 `json:"deleted,omitempty"`
	// Grown is by how much it takes more room than before.
	Grown int64 `json:"grown_bytes"`
}

// Proof is how the statements of the old code fared.
type Proof struct {
	// From says where they were taken from.
	From []string `json:"from"`
	// Given is how many there were, Proven how many still fit, Broken how many
	// do so no longer, and Unjudged how many were no evidence, because they
	// failed before the change as well or cannot be prepared.
	Given    int `json:"given"`
	Proven   int `json:"proven"`
	Broken   int `json:"broken"`
	Unjudged int `json:"unjudged"`
}

// Check is one smoke check of a version against the clone.
type Check struct {
	Code Code `json:"code"`
	// After is the step it was made after; "" for before the change.
	After  string              `json:"after"`
	Result release.CheckResult `json:"result"`
}

// Encode returns the report as JSON.
func (r Report) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the report of the rehearsal: %w", err)
	}
	return append(data, '\n'), nil
}

// Decode reads a report that Encode wrote.
func Decode(data []byte) (Report, error) {
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return Report{}, fmt.Errorf("read the report of a rehearsal: %w", err)
	}
	if r.Format != 1 {
		return Report{}, fmt.Errorf("read the report of a rehearsal: it is of format %d: use the version of cutover that wrote it", r.Format)
	}
	return r, nil
}

// Expected returns how long all steps together may take on production.
func (r Report) Expected() time.Duration {
	var ms int64
	for _, s := range r.Steps {
		ms += s.Expected
	}
	return time.Duration(ms) * time.Millisecond
}

// judge sorts the reasons, the worst first, and takes the verdict from them.
func (r *Report) judge() {
	r.Verdict = Compatible
	sortReasons(r.Reasons)
	for _, reason := range r.Reasons {
		if !reason.Later {
			r.Verdict = max(r.Verdict, reason.Verdict)
		}
	}
}
