package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cutover/internal/config"
	"cutover/internal/environ"
	"cutover/internal/release"
	"cutover/internal/schema"
	"cutover/internal/schema/lint"
	"cutover/internal/schema/postgres"
	"cutover/internal/schema/postgres/catalogue"
)

// sqlFinding is what the linter says of SQL, with where that stands.
type sqlFinding struct {
	File string `json:"file"`
	// Operation counts from 1 in a schema change, and Part is its up or down.
	Operation int    `json:"operation,omitempty"`
	Part      string `json:"part,omitempty"`
	lint.Finding
}

// where is the place for people.
func (f sqlFinding) where() string {
	if f.Operation == 0 {
		return f.File + ":" + f.Place
	}
	return fmt.Sprintf("%s: operation %d, %s %s", f.File, f.Operation, f.Part, f.Place)
}

// open lists the findings that stand in the way.
func open(found []sqlFinding) []sqlFinding {
	return slices.DeleteFunc(slices.Clone(found), func(f sqlFinding) bool { return !f.Open() })
}

// sqlJudgement is what was found, and by what.
type sqlJudgement struct {
	Findings []sqlFinding `json:"sql"`
	// Notes say of which SQL the text alone was judged, and why.
	Notes []string `json:"notes"`
}

// lookLimit bounds the look at a database for the linter.
const lookLimit = 20 * time.Second

// factsOf reads from the catalogue what the linter can use.
func factsOf(ctx context.Context, address string) (lint.Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	address, err := environ.Value(address)
	if err != nil {
		return lint.Facts{}, err
	}
	connect, err := postgres.Opener(address)
	if err != nil {
		return lint.Facts{}, err
	}
	conn, err := connect(ctx)
	if err != nil {
		return lint.Facts{}, fmt.Errorf("connect to the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	c, err := catalogue.Read(ctx, conn)
	return c.Facts(), err
}

// judgeRelease judges the SQL that a release's change brings along, with what
// the database says of its tables where it can be reached.
func (j *sqlJudgement) judgeRelease(ctx context.Context, r *config.Release, db release.Database) error {
	change, _, has, problem := r.Change()
	raw := slices.ContainsFunc(change.Operations, func(op schema.Operation) bool { _, is := op.(schema.SQL); return is })
	if problem != nil || db.Driver != release.PostgreSQL {
		return nil // config.Lint tells of it, and the linter reads PostgreSQL's language
	}
	var facts lint.Facts
	if raw {
		var err error
		if facts, err = factsOf(ctx, db.URL); err != nil {
			facts = lint.Facts{}
			j.note(r.Metadata.Name, err)
		}
	}
	found := []sqlFinding{}
	if has {
		facts.Budget, facts.OneTransaction = true, true
		found = judgeOperations(filepath.Base(r.Spec.Schema.Change), change, facts)
	}
	if r.Spec.Schema == nil {
		return nil
	}
	found, err := accepted(found, r.Spec.Schema.Accept)
	if err != nil {
		return fmt.Errorf("%s: spec.schema.accept: %w", r.Place(), err)
	}
	j.Findings = append(j.Findings, found...)
	return nil
}

func (j *sqlJudgement) note(what string, err error) {
	j.Notes = append(j.Notes, fmt.Sprintf("the SQL of %s is judged by its text alone, every table taken for a large one: %v", what, err))
}

// judgeOperations judges the raw SQL among a change's operations.
func judgeOperations(name string, c schema.Change, facts lint.Facts) []sqlFinding {
	var found []sqlFinding
	for i, op := range c.Operations {
		o, is := op.(schema.SQL)
		if !is {
			continue
		}
		for _, part := range []struct {
			name, text string
			late       bool
		}{{"up", o.Up, o.OnComplete}, {"down", o.Down, true}} {
			if strings.TrimSpace(part.text) == "" {
				continue
			}
			for _, f := range lint.Lint(part.text, facts) {
				if !part.late || !goneByThen[f.ID] {
					found = append(found, sqlFinding{name, i + 1, part.name, f})
				}
			}
		}
	}
	return found
}

// goneByThen are the rules about what a version uses that no longer runs when
// a contract, or the way back, is carried out.
var goneByThen = map[string]bool{"ban-drop-column": true, "ban-drop-table": true, "ban-drop-object": true}

// accepted marks what the release file accepts.
func accepted(found []sqlFinding, list []config.Accept) ([]sqlFinding, error) {
	plain := make([]lint.Finding, len(found))
	for i, f := range found {
		plain[i] = f.Finding
	}
	accepts := make([]lint.Accept, len(list))
	for i, a := range list {
		accepts[i] = lint.Accept{ID: a.ID, Reason: a.Reason}
	}
	plain, err := lint.Apply(plain, accepts)
	if err != nil {
		return nil, err
	}
	for i := range found {
		found[i].Finding = plain[i]
	}
	return found, nil
}

// maxScript bounds a file of SQL that is judged: 16 MiB.
const maxScript = 16 << 20

// judgeFiles judges plain files of SQL, as they stand.
func (j *sqlJudgement) judgeFiles(ctx context.Context, paths []string, address string) error {
	var facts lint.Facts
	if address != "" && len(paths) > 0 {
		var err error
		if facts, err = factsOf(ctx, address); err != nil {
			facts = lint.Facts{}
			j.note(strings.Join(paths, ", "), err)
		}
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return usage("read the SQL: %w", err)
		}
		if !info.Mode().IsRegular() || info.Size() > maxScript {
			return usage("read the SQL: %s is no file of at most 16 MiB", path)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return usage("read the SQL: %w", err)
		}
		for _, f := range lint.Lint(string(text), facts) {
			j.Findings = append(j.Findings, sqlFinding{File: path, Finding: f})
		}
	}
	return nil
}

// judgeBundle judges the changes of the releases in the files; of all with "".
func (j *sqlJudgement) judgeBundle(ctx context.Context, b *config.Bundle, name string) error {
	for _, r := range b.Releases {
		if name != "" && name != r.Metadata.Name && name != r.Metadata.App {
			continue
		}
		app, ok := b.App(r.Metadata.App)
		if !ok || r.Spec.Schema == nil {
			continue
		}
		if err := j.judgeRelease(ctx, r, app.Database()); err != nil {
			return &exitError{ExitUsage, err}
		}
	}
	return nil
}

// refuseSQL says why a release must not begin: what the linter finds in its
// SQL, and nobody accepted.
func refuseSQL(ctx context.Context, b *config.Bundle, name string) error {
	r, err := b.Release(name)
	if err != nil {
		return err
	}
	var j sqlJudgement
	if err := j.judgeBundle(ctx, b, r.Metadata.Name); err != nil {
		return err
	}
	bad := open(j.Findings)
	if len(bad) == 0 {
		return nil
	}
	lines := make([]string, 0, len(bad))
	for _, f := range bad {
		lines = append(lines, fmt.Sprintf("  %s: %s [%s]", f.where(), f.Reason, f.ID))
	}
	return fmt.Errorf("%s: the SQL of the schema change would hurt:\n%s\nwrite it in the safe way that `cutover lint` shows, or accept it with its reason: schema: {accept: [{id: %s, reason: ...}]}",
		r.Place(), strings.Join(lines, "\n"), bad[0].ID)
}

func (s *session) printSQL(j sqlJudgement) {
	for _, note := range j.Notes {
		fmt.Fprintln(s.out, s.paint(s.out, dim, note))
	}
	for _, f := range j.Findings {
		c := yellow
		if f.Severity == lint.Danger {
			c = red
		}
		fmt.Fprintf(s.out, "%s: %s %s\n", f.where(), s.paint(s.out, c, f.Severity.String()+":"), f.Reason)
		if f.Accepted != "" {
			fmt.Fprintf(s.out, "    accepted: %s [%s]\n", f.Accepted, f.ID)
			continue
		}
		fmt.Fprintf(s.out, "    %s [%s]\n", f.SafeWay, f.ID)
	}
}
