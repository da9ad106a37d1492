package config

import (
	"time"

	"cutover/internal/release"
)

// Backup is what is saved before anything is changed.
type Backup struct {
	// The stage that does not begin without it.
	Before string `json:"before,omitempty" jsonschema:"default=expand,enum=expand"`
	// How many of the newest backups are kept.
	Keep int `json:"keep,omitempty" jsonschema:"default=3,minimum=1,maximum=1000"`
	// How long all backups are kept.
	For Duration `json:"for,omitempty" jsonschema:"default=168h"`
	// Prove at once that it can be restored, in a database beside the app's.
	Verify bool `json:"verify,omitempty"`
}

func (Backup) shortKey() string { return "before" }

func (b *Backup) resolve() release.Backup {
	if b == nil {
		return release.Backup{}
	}
	return release.Backup{Before: release.Expanding, Keep: b.Keep, KeepFor: time.Duration(b.For), Verify: b.Verify}
}
