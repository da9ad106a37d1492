package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"cutover/internal/backup"
	"cutover/internal/check"
	"cutover/internal/platform/process"
	"cutover/internal/rehearsal"
	"cutover/internal/release"
	"cutover/internal/snapshot"
)

// trial runs old and new code on a clone, and puts the release's smoke checks
// to them. Each check of a version has an instance of its own, which is gone
// when the check returns.
type trial struct {
	app      string
	from, to release.Target
	checks   []release.Check
	// within is how long an instance may take to get ready.
	within     time.Duration
	production backup.Source
	// path is the folder for what the instances need; snapshots has their
	// configuration files.
	path      string
	snapshots snapshot.Opener
}

// trialPrefix begins the folder of one run, and is followed by the id of the
// process it belongs to.
const trialPrefix = "trial-"

// smokes reports whether both versions can be sent to a clone: something in
// their environment has to name the database.
func (t trial) smokes() bool {
	if len(t.checks) == 0 || t.from.Version == "" {
		return false
	}
	for _, target := range []release.Target{t.from, t.to} {
		names, err := t.leading(target)
		if err != nil || len(names) == 0 {
			return false
		}
	}
	return true
}

func (t trial) leading(target release.Target) (map[string]string, error) {
	p, err := process.New(process.Options{StateDir: filepath.Join(t.path, "instances"), ShimArgs: []string{shimName}, Snapshots: t.snapshots})
	if err != nil {
		return nil, err
	}
	_, env, _, err := p.Errand(t.app, target, target.Artefact.Command)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, name := range leading(env, t.production.URL) {
		for _, entry := range env {
			if value, is := strings.CutPrefix(entry, name+"="); is {
				found[name] = value
			}
		}
	}
	return found, nil
}

// Check implements rehearsal.Smoke.
func (t trial) Check(ctx context.Context, code rehearsal.Code, clone backup.Source) (results []release.CheckResult, err error) {
	target := t.to
	if code == rehearsal.Old {
		target = t.from
	}
	dir := filepath.Join(t.path, trialPrefix+strconv.Itoa(os.Getpid())+"-"+string(target.Side))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("try %s on the clone: %w", target.Version, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	target.Artefact.Env, err = t.redirected(dir, target, clone)
	if err != nil {
		return nil, fmt.Errorf("try %s on the clone: %w", target.Version, err)
	}
	p, err := process.New(process.Options{StateDir: filepath.Join(dir, "instances"), ShimArgs: []string{shimName}, Snapshots: t.snapshots})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stopAll(p, t.app)) }()
	order := release.StartOrder{Stamp: release.Stamp{App: t.app, Key: "trial", Fence: 1}, Side: target.Side, Version: target.Version,
		Digest: target.Digest, Artefact: target.Artefact, Count: 1}
	if err := p.Start(ctx, order); err != nil {
		return nil, fmt.Errorf("try %s on the clone: %w", target.Version, err)
	}
	ready, why, err := t.ready(ctx, p)
	if err != nil {
		return nil, err
	}
	if len(ready) == 0 {
		return []release.CheckResult{{Name: "gets ready", Attempts: 1, Evidence: why}}, nil
	}
	results, err = check.Runner{}.Run(ctx, release.CheckOrder{Stamp: order.Stamp, Checks: t.checks, Instances: ready})
	return append([]release.CheckResult{{Name: "gets ready", Passed: true, Attempts: 1, Evidence: "it did"}}, results...), err
}

// redirected returns the environment with the clone in the place of the
// database. Its address goes into a file, as secrets do.
func (t trial) redirected(dir string, target release.Target, clone backup.Source) ([]release.EnvVar, error) {
	names, err := t.leading(target)
	if err != nil {
		return nil, err
	}
	address, err := clone.DSN()
	if err != nil {
		return nil, err
	}
	var env []release.EnvVar
	for _, v := range target.Artefact.Env {
		if _, leads := names[v.Name]; !leads {
			env = append(env, v)
		}
	}
	for name, was := range names {
		path := filepath.Join(dir, name)
		// The scheme may name a driver besides: postgresql+psycopg2.
		scheme, _, _ := strings.Cut(was, "://")
		_, rest, _ := strings.Cut(address, "://")
		if err := os.WriteFile(path, []byte(scheme+"://"+rest), 0o600); err != nil {
			return nil, err
		}
		env = append(env, release.EnvVar{Name: name, Ref: "file:" + path})
	}
	return env, nil
}

// ready waits for the instance, and says why it is not ready if it does not
// get so in time.
func (t trial) ready(ctx context.Context, p *process.Platform) (list []release.Instance, why string, err error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(t.within)
	defer limit.Stop()
	for {
		seen, err := p.Observe(ctx, t.app)
		if err != nil {
			return nil, "", err
		}
		for _, i := range seen {
			if i.Serves() {
				return []release.Instance{i}, "", nil
			}
			why = i.Detail
			if i.Restarts > 1 {
				return nil, "it ends by itself: " + why, nil
			}
		}
		select {
		case <-ctx.Done():
			return nil, "", ctx.Err()
		case <-limit.C:
			return nil, fmt.Sprintf("not ready within %s: %s", t.within, why), nil
		case <-tick.C:
		}
	}
}

// stopAll ends every instance of a platform, even if the work was cancelled.
func stopAll(p *process.Platform, app string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	list, err := p.Observe(ctx, app)
	if err != nil {
		return fmt.Errorf("end what ran on the clone: %w", err)
	}
	ids := make([]string, len(list))
	for i, in := range list {
		ids[i] = in.ID
	}
	return p.Stop(ctx, release.StopOrder{Stamp: release.Stamp{App: app, Key: "trial", Fence: 1}, Instances: ids})
}

// sweepTrials ends what the trials of processes that were killed have left.
func sweepTrials(path, app string, logger *slog.Logger) {
	left, err := filepath.Glob(filepath.Join(path, trialPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		id, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), trialPrefix), "-")
		pid, err := strconv.Atoi(id)
		if err != nil || pid == os.Getpid() || syscall.Kill(pid, 0) == nil {
			continue
		}
		p, err := process.New(process.Options{StateDir: filepath.Join(dir, "instances"), ShimArgs: []string{shimName}})
		if err == nil {
			err = stopAll(p, app)
		}
		if err == nil {
			err = os.RemoveAll(dir)
		}
		if err != nil && logger != nil {
			logger.Warn("what a rehearsal left cannot be removed", "folder", dir, "error", err)
		}
	}
}
