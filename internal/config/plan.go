package config

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"cutover/internal/release"
)

// Snapshot keeps the content of files, so that a version can be started again
// with the files it had.
type Snapshot interface {
	// Save keeps content and returns what it is known by. Saving the same
	// content again changes nothing.
	Save(name string, content []byte) (release.File, error)
}

// Plan makes the plan of a release, named by its own name or its app's. now
// is what runs; its zero value means that nothing does, and the plan is
// that of a first release. The files the version is made of are read and
// handed to keep. Author is left for the caller to fill in. The error holds a
// Problems if the files are at fault.
func (b *Bundle) Plan(ctx context.Context, name string, now release.Running, keep Snapshot) (release.Plan, error) {
	r, err := b.Release(name)
	if err != nil {
		return release.Plan{}, err
	}
	app, ok := b.App(r.Metadata.App)
	if !ok {
		return release.Plan{}, fmt.Errorf("plan %s: there is no app %q in these files", r.Metadata.Name, r.Metadata.App)
	}
	serves := now.Serves
	if p := r.mismatch(serves); p != nil {
		return release.Plan{}, Problems{p}
	}
	cache, problem := cacheOf(app, r, now)
	if problem != nil {
		return release.Plan{}, Problems{problem}
	}
	artefact, err := artefactOf(ctx, app, r, app.front(), keep)
	if err != nil {
		return release.Plan{}, err
	}
	artefact = told(artefact, cache)
	digest, err := Digest(artefact)
	if err != nil {
		return release.Plan{}, err
	}
	p := b.frame(app, r)
	p.Cache = cache
	if p.Front.Pages, err = app.pages(); err != nil {
		return release.Plan{}, err
	}
	if p.Database.Pooler.File, err = app.poolFile(keep); err != nil {
		return release.Plan{}, err
	}
	if err := b.addLoads(&p, r); err != nil {
		return release.Plan{}, err
	}
	if p.Schema, err = schemaOf(app, r, keep); err != nil {
		return release.Plan{}, err
	}
	if p.Signals, err = r.signals(cache, serves.Version == ""); err != nil {
		return release.Plan{}, err
	}
	p.From = serves
	p.To = release.Target{Version: string(r.Spec.To.Version), Side: serves.Side.Other(), Digest: digest, Artefact: artefact}
	if p.Companions, err = companionsOf(ctx, app, r, now, p.To.Side, keep); err != nil {
		return release.Plan{}, err
	}
	return p, nil
}

// mismatch compares what serves with what the release expects.
func (r *Release) mismatch(now release.Target) *Problem {
	problem := func(path, reason, cure string) *Problem {
		return &Problem{Place: r.doc.at(path), Path: path, Reason: reason, Cure: cure}
	}
	from, to := string(r.Spec.From.Version), string(r.Spec.To.Version)
	switch {
	case from != "" && now.Version == "":
		return problem("spec.from", fmt.Sprintf("it says %s, but nothing serves yet", from), "remove spec.from for the first release")
	case from != "" && from != now.Version:
		return problem("spec.from", fmt.Sprintf("it says %s, but %s serves", from, now.Version), fmt.Sprintf("write from: %s if that is what you mean to replace", now.Version))
	case now.Version == "" && r.Spec.Strategy.Type == "shadow":
		return problem("spec.strategy.type", "nothing serves yet, so there is no answer to compare with", "write another type for the first release")
	case to == now.Version:
		return problem("spec.to", fmt.Sprintf("%s serves already", to), "write the version to bring in")
	}
	return nil
}

// frame is the plan without its versions.
func (b *Bundle) frame(app *App, r *Release) release.Plan {
	c, _ := app.component()
	s := r.Spec
	p := release.Plan{
		Release: r.Metadata.Name, App: app.Metadata.Name,
		Component: app.front(), Replicas: c.Replicas, Front: app.Spec.Traffic.front(app.doc.source.dir),
		Strategy: release.Strategy(s.Strategy.Type), Steps: s.Strategy.steps(), Rolling: s.Strategy.rolling(),
		Pace: release.Pace(s.Strategy.Pace), Holdback: release.Weight(s.Strategy.Holdback),
		ReadyWithin: time.Duration(s.Ready.Within), Settle: time.Duration(s.Ready.Settle),
		Soak: s.Strategy.Soak.resolve(), Standby: time.Duration(s.Strategy.Standby),
		Drain: release.Drain{Wait: time.Duration(s.Drain.Wait), OnTimeout: release.OnTimeout(s.Drain.OnTimeout)},
		Guard: release.Guard{
			FalseAlarms: float64(s.Guard.FalseAlarms), Slower: s.Guard.Slower.resolve(), WarmUp: time.Duration(s.Guard.WarmUp),
			Outage: float64(s.Guard.Outage), MinRequests: s.Guard.MinRequests, Margin: float64(s.Guard.Margin),
			MaxRestarts: s.Guard.MaxRestarts, OnFailure: release.OnFailure(s.Guard.OnFailure),
		},
		Tries: release.Tries{Most: s.Tries.Most, Pause: time.Duration(s.Tries.Pause), MaxPause: time.Duration(s.Tries.MaxPause)},
	}
	p.Backup = s.Backup.resolve()
	p.Rehearsal = s.Rehearse.resolve()
	p.Database = app.Database()
	p.Flags = app.flags(string(s.To.Version))
	for _, check := range s.Checks.Smoke {
		p.Checks = append(p.Checks, check.resolve(r.doc.source.dir))
	}
	for _, policy := range b.Policies {
		if policy.appliesTo(p.App) {
			p.Gates = append(p.Gates, policy.gates()...)
		}
	}
	return p
}

// artefactOf reads the files a version of a component is made of and says what
// it is.
func artefactOf(ctx context.Context, app *App, r *Release, name string, keep Snapshot) (release.Artefact, error) {
	in, err := inputsOf(app, r, name)
	if err != nil {
		return release.Artefact{}, fmt.Errorf("plan %s: %w", r.Metadata.Name, err)
	}
	contents, problems := in.contents(app, r)
	if err := problems.err(); err != nil {
		return release.Artefact{}, err
	}
	a := release.Artefact{Command: in.args, Dir: in.dir, Env: in.env, Health: in.health, Stop: in.stop}
	if a.Container, err = app.container(ctx, r, name); err != nil {
		return a, err
	}
	if err := app.runBy(&a, r); err != nil {
		return a, err
	}
	for _, c := range contents {
		if err := ctx.Err(); err != nil {
			return a, fmt.Errorf("plan %s: %w", r.Metadata.Name, err)
		}
		saved, err := keep.Save(c.name, c.data)
		if err != nil {
			return a, fmt.Errorf("keep a snapshot of %s: %w", c.path, err)
		}
		if c.env {
			a.EnvFile = saved
		} else {
			a.Files = append(a.Files, saved)
		}
	}
	return a, nil
}

// content is a file that was read.
type content struct {
	input
	data []byte
}

// contents reads all files and reports all that cannot be used.
func (in inputs) contents(app *App, r *Release) ([]content, Problems) {
	var found []content
	var problems Problems
	if !app.Spec.Runtime.containers() {
		if info, err := os.Stat(in.dir); err != nil || !info.IsDir() {
			problems = append(problems, missingDir(app, r, in.dir))
		}
	}
	for _, f := range in.files {
		data, p := f.read()
		if p != nil {
			problems = append(problems, p)
			continue
		}
		found = append(found, content{f, data})
	}
	return found, problems
}

func missingDir(app *App, r *Release, dir string) *Problem {
	_, at := app.component()
	doc, path := app.doc, join(at, "dir")
	if r.Spec.To.Dir != "" {
		doc, path = r.doc, "spec.to.dir"
	}
	return &Problem{
		Place: doc.at(path), Path: path, Reason: "there is no folder " + dir,
		Cure: "create it, or correct the path: it starts from the folder of this file",
	}
}

// Digest identifies an artefact: the SHA-256 of its JSON, in hex.
func Digest(a release.Artefact) (string, error) {
	text, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("write the artefact as JSON: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
