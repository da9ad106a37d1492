// Package backup takes backups of PostgreSQL databases that are proven to be
// whole: what a dump holds is counted and summed in the snapshot it was taken
// in, and compared with what comes back out of it.
package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// ErrDamaged says that a dump is not the file that was written.
var ErrDamaged = errors.New("the dump is damaged")

// Backup is one dump with what is known of it. It is kept as JSON beside the
// dump, and read back by Folder.Open and Folder.List.
type Backup struct {
	// Format is the version of this record; 1.
	Format int `json:"format"`
	// Name identifies the backup in its folder.
	Name string `json:"name"`
	// Label says what it was taken for.
	Label string `json:"label,omitempty"`
	// SHA256 and Size, in bytes, are those of the dump.
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	// Began is when the snapshot was taken: later changes are not in it.
	Began time.Time `json:"began"`
	// Took is how long it took, in milliseconds.
	Took int64 `json:"took_ms"`
	// Database, Server and Program say what was dumped and by what:
	// "shop", "15.4", "15.4".
	Database string `json:"database"`
	Server   string `json:"server"`
	Program  string `json:"program"`
	Locale   Locale `json:"locale"`
	// Content is what the snapshot held.
	Content Content `json:"content"`
	// Verified is the last proof that it can be restored; nil if there is none.
	Verified *Verification `json:"verified,omitempty"`

	folder string
}

// Locale is what a database must be created with to hold the dump's texts.
type Locale struct {
	Encoding string `json:"encoding"`
	Collate  string `json:"collate"`
	Ctype    string `json:"ctype"`
}

// Verification is a proof that a dump could be restored and held what it
// should.
type Verification struct {
	At time.Time `json:"at"`
	// Took is how long restoring and comparing took, in milliseconds.
	Took   int64  `json:"took_ms"`
	Server string `json:"server"`
}

// Path returns the dump's file.
func (b Backup) Path() string { return filepath.Join(b.folder, b.Name+dumpSuffix) }

func (b Backup) manifest() string { return filepath.Join(b.folder, b.Name+manifestSuffix) }

func (b Backup) encode() ([]byte, error) {
	data, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the backup's record: %w", err)
	}
	return append(data, '\n'), nil
}
