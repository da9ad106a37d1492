package config

import "cutover/internal/release"

// Rehearse has the schema change tried on a clone of the database first. A
// release stands still before a change that turns out worse than is allowed,
// until somebody approves of it.
type Rehearse struct {
	// The stage that does not begin without it.
	Before string `json:"before,omitempty" jsonschema:"default=expand,enum=expand"`
	// The worst that the release takes without asking: care is what needs somebody to look, destructive what takes away something that old code uses.
	Allow string `json:"allow,omitempty" jsonschema:"enum=care,enum=destructive"`
	// Why that is taken; kept in the journal.
	Reason string `json:"reason,omitempty" example:"the column was last read by v1.3"`
}

func (Rehearse) shortKey() string { return "before" }

func (r *Rehearse) validate(changes bool, tell report) {
	switch {
	case r == nil:
	case !changes:
		tell("", "the release changes no schema, so there is nothing to rehearse", "remove it, or say in schema what changes")
	case r.Allow != "" && r.Reason == "":
		tell("reason", "nobody says why "+r.Allow+" is allowed", "write the reason, which is kept in the journal")
	case r.Allow == "" && r.Reason != "":
		tell("reason", "there is a reason, and nothing it allows", "add allow: care or allow: destructive, or remove the reason")
	}
}

func (r *Rehearse) resolve() release.Rehearsal {
	if r == nil {
		return release.Rehearsal{}
	}
	out := release.Rehearsal{Before: release.Expanding, Reason: r.Reason}
	switch r.Allow {
	case "care":
		out.Allow = release.NeedsCare
	case "destructive":
		out.Allow = release.Destructive
	}
	return out
}
