package release

import "time"

// The orders below are what the engine hands to adapters. Each carries the
// idempotency key of the recorded intent ("release/seq") and the generation
// of the lease it is given under; an adapter refuses, with ErrFenced, an
// order whose Fence is lower than one it has already seen.

// Stamp identifies an order.
type Stamp struct {
	App   string `json:"app"`
	Key   string `json:"key"`
	Fence uint64 `json:"fence"`
}

// StartOrder asks for Count instances of one component to run on one side.
type StartOrder struct {
	Stamp
	Side Side `json:"side"`
	// Component is "" for the one that the front sends requests to.
	Component string   `json:"component,omitempty"`
	Version   string   `json:"version"`
	Digest    string   `json:"digest"`
	Artefact  Artefact `json:"artefact"`
	Count     int      `json:"count"`
}

// StopOrder asks for the named instances to end.
type StopOrder struct {
	Stamp
	Instances []string `json:"instances"`
	// Leave has them forgotten instead: they ran before cutover knew of them, and
	// go on as if it never had.
	Leave bool `json:"leave,omitempty"`
}

// RouteOrder asks the front to serve Route.
type RouteOrder struct {
	Stamp
	Route Route `json:"route"`
}

// StreamOrder asks the front to close the streams that are left on Side, or on
// the named instances of it.
type StreamOrder struct {
	Stamp
	Side      Side     `json:"side"`
	Instances []string `json:"instances,omitempty"`
}

// SchemaOrder asks for one stage of a change.
type SchemaOrder struct {
	Stamp
	Release  string   `json:"release"`
	Database Database `json:"database"`
	Schema   Schema   `json:"schema"`
	// To is the version that the change is for: native migrations run as it.
	To Target `json:"to"`
}

// FillOrder asks for every old row to get its new shape.
type FillOrder struct {
	SchemaOrder
	// From is where the fill is taken up.
	From Position `json:"from,omitzero"`
	// Paused says why nothing is to be written now, "" if it may go on.
	// Progressed hears how far it is, after every batch; an error from it
	// ends the fill. Neither blocks for long.
	Paused     func() string        `json:"-"`
	Progressed func(Progress) error `json:"-"`
}

// RehearsalOrder asks for a change to be tried on a clone of the database.
type RehearsalOrder struct {
	SchemaOrder
	// OldVersion is the one that has to go on working, Checks what is put to
	// both, and Within how long either may take to get ready.
	OldVersion Target        `json:"oldVersion"`
	Checks     []Check       `json:"checks,omitempty"`
	Within     time.Duration `json:"within"`
}

// BackupOrder asks for a backup.
type BackupOrder struct {
	Stamp
	Release  string   `json:"release"`
	Database Database `json:"database"`
	Backup   Backup   `json:"backup"`
}

// RestoreOrder asks for a backup to be put in the place of the database.
type RestoreOrder struct {
	Stamp
	Release  string   `json:"release"`
	Database Database `json:"database"`
	// Backup is the name of the backup.
	Backup string `json:"backup"`
}

// CheckOrder asks for every check to be put to every instance.
type CheckOrder struct {
	Stamp
	Checks    []Check    `json:"checks"`
	Instances []Instance `json:"instances"`
	// Beside are instances of the old side, for checks that compare; there are
	// none where nothing serves yet.
	Beside []Instance `json:"beside,omitempty"`
}
