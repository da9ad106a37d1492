package config

import (
	"fmt"
	"path/filepath"
	"time"

	"cutover/internal/release"
	"cutover/internal/schema"
	"cutover/internal/schema/file"
)

// Schema is what changes in the shape of the database: operations that are
// carried out beside the running app, or the app's own migrations.
type Schema struct {
	// The file with the operations, in pgroll's format, with split and merge.
	Change string `json:"change,omitempty" example:"migrations/0002_address.yaml"`
	// The app's own migrations, in place of operations.
	Native *Native `json:"native,omitempty"`
	// What the linter finds in the change's own SQL, and is known and wanted.
	Accept []Accept `json:"accept,omitempty"`
	// How much of the database the fill may take: shared up to half of the time as long as users do not feel it, gentle little, full all.
	Pace string `json:"pace,omitempty" jsonschema:"default=shared,enum=full,enum=shared,enum=gentle"`
	// How long that may take.
	Within Duration `json:"within,omitempty" jsonschema:"default=168h"`
}

func (Schema) shortKey() string { return "change" }

// Accept says that findings of one rule of the linter are known and wanted.
type Accept struct {
	// The id of the rule, as `cutover lint` shows it.
	ID string `json:"id" jsonschema:"required" example:"unbatched-backfill"`
	// Why it does no harm here; shown with the finding.
	Reason string `json:"reason" jsonschema:"required" example:"the table has one row"`
}

// Native is how an app migrates its database itself. The commands run as the
// new version does: in its folder, with its environment. May contain {{version}}, {{app}} and {{revision}}.
type Native struct {
	// The command that brings the database to the revision of the new version.
	Upgrade Command `json:"upgrade" jsonschema:"required" example:"[\"superset\", \"db\", \"upgrade\"]"`
	// The command that takes it back; without it the schema stays as it is when the release is taken back.
	Downgrade Command `json:"downgrade,omitzero"`
	// The command that prints the revision.
	Head Command `json:"head" jsonschema:"required" example:"[\"superset\", \"db\", \"current\"]"`
	// The revision before; empty for a database without one.
	From Text `json:"from,omitempty"`
	// The revision after.
	To Text `json:"to" jsonschema:"required" example:"\"a1b2c3\""`
	// The revisions after from in their order, the last being to: what was interrupted at one of them goes on. A command with {{revision}} in its arguments runs once for each, so that each has a transaction and locks of its own.
	Revisions []Text `json:"revisions,omitempty"`
	// How long each command may take.
	Timeout Duration `json:"timeout,omitempty" jsonschema:"default=10m"`
	// How long one statement may take; 0 is as long as the command.
	StatementTimeout Duration `json:"statementTimeout,omitempty" jsonschema:"default=0s"`
}

func (s *Schema) validate(tell report) {
	if s == nil {
		return
	}
	checkPositive(s.Within, "within", tell)
	checkPlaceholders(s.Change, "change", pathPlaceholders, tell)
	if (s.Change != "") == (s.Native != nil) {
		tell("", "a schema change needs either a file of operations or native migrations", "keep one of change and native")
	}
	if s.Native != nil && len(s.Accept) > 0 {
		tell("accept", "only the SQL of operations is judged, and native migrations have none", "remove it; a rehearsal says what they do: rehearse: expand")
	}
	if s.Native != nil {
		s.Native.validate(tell.in("native"))
	}
}

func (n *Native) validate(tell report) {
	for path, c := range map[string]Command{"upgrade": n.Upgrade, "downgrade": n.Downgrade, "head": n.Head} {
		if !c.given() {
			continue
		}
		args, err := c.args(false)
		if err != nil {
			reason, cure := explain(err, "")
			tell(path, reason, cure)
		}
		for _, a := range args {
			checkPlaceholders(a, path, nativePlaceholders, tell)
		}
	}
	n.validateRevisions(tell)
	checkPositive(n.Timeout, "timeout", tell)
	if n.From == n.To {
		tell("to", fmt.Sprintf("it leads from %q to the same", n.From), "write the revision of the new version")
	}
}

func (n *Native) resolve(app, version string) release.Native {
	command := func(c Command) []string {
		args, _ := c.args(false)
		filled := make([]string, len(args))
		for i, a := range args {
			filled[i] = fill(a, app, version)
		}
		return filled
	}
	r := release.Native{Upgrade: command(n.Upgrade), Head: command(n.Head), From: string(n.From), To: string(n.To),
		Timeout: time.Duration(n.Timeout), StatementTimeout: time.Duration(n.StatementTimeout)}
	if n.Downgrade.given() {
		r.Downgrade = command(n.Downgrade)
	}
	for _, revision := range n.Revisions {
		r.Revisions = append(r.Revisions, string(revision))
	}
	return r
}

// changeInput is the file with the operations.
func (r *Release) changeInput() input {
	s := r.Spec.Schema
	path := absolute(fill(s.Change, r.Metadata.App, string(r.Spec.To.Version)), r.doc.source.dir)
	return input{name: filepath.Base(path), path: path, key: "spec.schema.change", doc: r.doc}
}

// Change reads the operations of a release. It reports false if there are
// none, because the schema stays as it is or native migrations change it.
func (r *Release) Change() (c schema.Change, content []byte, has bool, p *Problem) {
	if r.Spec.Schema == nil || r.Spec.Schema.Change == "" {
		return c, nil, false, nil
	}
	in := r.changeInput()
	content, p = in.readWhole()
	if p != nil {
		return c, nil, true, p
	}
	c, err := file.Read(in.name, content)
	if err != nil {
		p = &Problem{Place: r.doc.at(in.key), Path: in.key, Reason: err.Error(), Cure: "correct " + in.path}
	}
	return c, content, true, p
}

// schemaOf makes the schema's part of the plan, and keeps the operations.
func schemaOf(a *App, r *Release, keep Snapshot) (release.Schema, error) {
	s := r.Spec.Schema
	if s == nil {
		return release.Schema{}, nil
	}
	out := release.Schema{Expand: true, Backfill: true, Contract: true,
		Fill: release.Fill{Pace: release.FillPace(s.Pace), Within: time.Duration(s.Within)}}
	if s.Native != nil {
		out.Backfill, out.Contract = false, false
		out.Native = s.Native.resolve(a.Metadata.Name, string(r.Spec.To.Version))
		return out, nil
	}
	_, content, _, problem := r.Change()
	if problem != nil {
		return out, Problems{problem}
	}
	saved, err := keep.Save(r.changeInput().name, content)
	if err != nil {
		return out, fmt.Errorf("keep a snapshot of %s: %w", r.changeInput().path, err)
	}
	out.Change = saved
	return out, nil
}
