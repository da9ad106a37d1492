package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cutover/internal/api"
	"cutover/internal/backup"
	"cutover/internal/durable"
	"cutover/internal/rehearsal"
	"cutover/internal/release"
	"cutover/internal/schema/driver"
	"cutover/internal/schema/native"
	"cutover/internal/snapshot"
)

// rehearsals tries schema changes on clones, and keeps what was found.
type rehearsals struct {
	schema  *driver.Driver
	backups backup.Keeper
	// path is the folder of the reports.
	path      string
	snapshots snapshot.Opener
	logger    *slog.Logger
	// hear, if set, is told what is being done.
	hear func(what string)
}

// rehearseWithin bounds one rehearsal: a copy of a large database, and filling
// it, take hours.
const rehearseWithin = 12 * time.Hour

// Rehearse implements engine.Rehearsals.
func (r rehearsals) Rehearse(ctx context.Context, o release.RehearsalOrder) (release.Rehearsed, error) {
	report, err := r.run(ctx, o, api.Rehearse{})
	if err != nil {
		return release.Rehearsed{}, err
	}
	return shortened(report), nil
}

// of rehearses the change of a plan, on what was asked for.
func (r rehearsals) of(ctx context.Context, p release.Plan, ask api.Rehearse) (rehearsal.Report, error) {
	if !p.Schema.Changes() {
		return rehearsal.Report{}, fmt.Errorf("rehearse %s: it does not change the schema of a database", p.Release)
	}
	return r.run(ctx, release.RehearsalOrder{OldVersion: p.From, Checks: p.Checks, Within: p.ReadyWithin,
		SchemaOrder: release.SchemaOrder{Stamp: release.Stamp{App: p.App}, Release: p.Release, Database: p.Database, Schema: p.Schema, To: p.To}}, ask)
}

func (r rehearsals) run(ctx context.Context, o release.RehearsalOrder, ask api.Rehearse) (rehearsal.Report, error) {
	plan, err := r.plan(o.SchemaOrder, ask.Backup)
	if err == nil && ask.Statements != "" {
		plan.Old, err = statements(ask.Statements, plan.Origin.Production)
	}
	if err == nil {
		sweepTrials(r.path, o.App, r.logger)
		if t := r.trial(o, plan.Origin.Production); t.smokes() {
			plan.Smoke = t
		}
	}
	if err != nil {
		return rehearsal.Report{}, fmt.Errorf("rehearse %s: %w", o.Release, err)
	}
	report, err := rehearsal.Run(ctx, plan)
	if err != nil {
		return report, err
	}
	return report, r.keep(o.App, o.Release, report)
}

// statements reads what the code that serves asks the database.
func statements(path string, production backup.Source) ([]rehearsal.Usage, error) {
	switch filepath.Ext(path) {
	case ".csv", ".json", ".log":
		database, err := production.Name()
		if err != nil {
			return nil, err
		}
		u, err := rehearsal.Logged(path, database)
		return []rehearsal.Usage{u}, err
	}
	u, err := rehearsal.Listed(path)
	return []rehearsal.Usage{u}, err
}

// trial is how old and new code are tried on the clone. What loads a version
// is left out: a clone on a busy server says nothing of how fast it is.
func (r rehearsals) trial(o release.RehearsalOrder, production backup.Source) trial {
	t := trial{app: o.App, from: o.OldVersion, to: o.To, within: o.Within, production: production, path: r.path, snapshots: r.snapshots}
	for _, c := range o.Checks {
		if c.Load == nil {
			t.checks = append(t.checks, c)
		}
	}
	return t
}

func (r rehearsals) plan(o release.SchemaOrder, name string) (p rehearsal.Plan, err error) {
	p.Timeout, p.Report = rehearseWithin, r.hear
	if p.Origin.Production, err = backup.SourceOf(o.Database); err != nil {
		return p, err
	}
	// A template would be faster, but nobody can connect while it is copied.
	p.Origin.Way, p.Origin.Folder = rehearsal.Dump, r.backups.Of(o.App)
	if name != "" {
		b, err := p.Origin.Folder.Open(name)
		if errors.Is(err, os.ErrNotExist) {
			return p, fmt.Errorf("app %s has no backup %s; `cutover backup list` names them", o.App, name)
		}
		if err != nil {
			return p, err
		}
		p.Origin.Way, p.Origin.Backup = rehearsal.FromBackup, &b
	}
	p.Steps, err = r.steps(o, p.Origin.Production)
	return p, err
}

// steps are what the release would run, by the same engine.
func (r rehearsals) steps(o release.SchemaOrder, production backup.Source) ([]rehearsal.Step, error) {
	if !o.Schema.IsNative() {
		return rehearsal.Declarative(func(dsn string) (rehearsal.Stages, error) {
			there := o
			there.Database.URL = dsn
			return onClone{r.schema, there}, nil
		}), nil
	}
	e, err := r.schema.Errands(o)
	if err != nil {
		return nil, err
	}
	step := func(name string, c native.Command) rehearsal.Step {
		return rehearsal.Native{Command: c, Variables: leading(c.Env, production.URL), Production: production, Budget: e.Budget}.Step(name)
	}
	steps := []rehearsal.Step{step("upgrade", e.Upgrade)}
	if len(e.Downgrade.Args) > 0 {
		back := step("downgrade", e.Downgrade)
		back.Back = true
		steps = append(steps, back)
	}
	return steps, nil
}

// leading names the variables whose value is the address of the database,
// whatever driver their scheme names.
func leading(env []string, address string) []string {
	var names []string
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if value != "" && plainAddress(value) == plainAddress(address) {
			names = append(names, name)
		}
	}
	return names
}

// plainAddress writes postgresql+psycopg2:// and the like as postgres://.
func plainAddress(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	if kind, _, _ := strings.Cut(u.Scheme, "+"); kind == "postgresql" || kind == "postgres" {
		u.Scheme = "postgres"
	}
	return u.String()
}

// keep writes the report to the state folder, in the place of an earlier one.
func (r rehearsals) keep(app, name string, report rehearsal.Report) error {
	data, err := report.Encode()
	if err != nil {
		return err
	}
	path := r.file(app, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep the report of the rehearsal: %w", err)
	}
	if err := durable.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("keep the report of the rehearsal: %w", err)
	}
	return nil
}

// kept returns the last report on a release, false if there is none that can
// be read.
func (r rehearsals) kept(app, name string) (rehearsal.Report, bool) {
	data, err := os.ReadFile(r.file(app, name))
	if err != nil {
		return rehearsal.Report{}, false
	}
	report, err := rehearsal.Decode(data)
	return report, err == nil
}

func (r rehearsals) file(app, name string) string { return filepath.Join(r.path, app, name+".json") }

// onClone has the engine of schema changes work on a clone.
type onClone struct {
	driver *driver.Driver
	order  release.SchemaOrder
}

func (c onClone) Expand(ctx context.Context) error { return c.driver.Expand(ctx, c.order) }

func (c onClone) Backfill(ctx context.Context) error {
	return c.driver.Backfill(ctx, release.FillOrder{SchemaOrder: c.order,
		Paused: func() string { return "" }, Progressed: func(release.Progress) error { return nil }})
}

func (c onClone) Contract(ctx context.Context) error { return c.driver.Contract(ctx, c.order) }

// What of a report goes into the journal: the whole is in its file.
const (
	shortReasons = 5
	shortReason  = 300
)

// shortened is what the journal keeps of a report.
func shortened(r rehearsal.Report) release.Rehearsed {
	out := release.Rehearsed{Impact: release.Impact(r.Verdict.String()), Took: time.Duration(r.Took) * time.Millisecond, Expected: r.Expected()}
	for _, reason := range r.Reasons {
		if reason.Later || reason.Verdict == rehearsal.Compatible || len(out.Reasons) == shortReasons {
			continue
		}
		text := []rune(reason.What + ": " + reason.Why)
		out.Reasons = append(out.Reasons, string(text[:min(len(text), shortReason)]))
	}
	return out
}
