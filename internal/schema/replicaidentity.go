package schema

import (
	"errors"
	"fmt"
)

// SetReplicaIdentity says, at contract, how logical replication names a row
// that was updated or deleted. No code reads it, so that it can wait until
// the columns and indexes it may need are what they are to be.
type SetReplicaIdentity struct {
	Table    string          `yaml:"table"`
	Identity ReplicaIdentity `yaml:"identity"`
}

// ReplicaIdentity is a way to name a row.
type ReplicaIdentity struct {
	// Type is default (the primary key), full, nothing, or index.
	Type string `yaml:"type"`
	// Index is the one of that type: unique, whole, and on columns that are
	// not null.
	Index string `yaml:"index"`
}

// Kind implements Operation.
func (SetReplicaIdentity) Kind() string { return "set_replica_identity" }

// Target implements Operation.
func (o SetReplicaIdentity) Target() string { return o.Table }

// Validate implements Operation.
func (o SetReplicaIdentity) Validate() error {
	errs := []error{required("table", o.Table)}
	switch o.Identity.Type {
	case "default", "full", "nothing":
		if o.Identity.Index != "" {
			errs = append(errs, fmt.Errorf("an index belongs to the type index, not to %s; leave it out", o.Identity.Type))
		}
	case "index":
		errs = append(errs, required("index", o.Identity.Index))
	default:
		errs = append(errs, fmt.Errorf("%q is no replica identity; write default, full, nothing or index", o.Identity.Type))
	}
	return errors.Join(errs...)
}

// Stages implements Operation.
func (o SetReplicaIdentity) Stages() Stages {
	return Stages{Contract: "set the replica identity of " + o.Table, Revert: "it was never touched", Locks: []Lock{lockContract}, Reversible: WithData}.whole()
}
