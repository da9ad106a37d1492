package release

import "fmt"

// FullRollback returns the plan that takes back a release which is past its
// point of no return: the version before it, as it was recorded then, with the
// database as it was saved before the release. What users wrote since is not
// in it, but kept aside with the database that is replaced. The present data
// are saved first.
func FullRollback(s State, name string) (Plan, error) {
	switch {
	case s.Phase.Reversible():
		return Plan{}, fmt.Errorf("release %s can still be taken back without losing anything: `cutover rollback %s`", s.Release, s.Release)
	case s.Phase != Done:
		return Plan{}, fmt.Errorf("release %s is %s: wait for its end", s.Release, s.Word())
	case s.Plan.First():
		return Plan{}, fmt.Errorf("release %s was the first of %s: there is no version before it", s.Release, s.App)
	case s.Saved == nil:
		return Plan{}, fmt.Errorf("release %s took no backup, so there is nothing to restore; with backup: {before: expand} the next one does", s.Release)
	}
	p := s.Plan
	p.Release, p.Strategy, p.Restore = name, Restore, s.Saved.Name
	p.From, p.To = s.Plan.To, s.Plan.From
	p.To.Side = p.From.Side.Other()
	p.Companions = backwards(s.Plan)
	p.Cache = s.Plan.Cache.backwards()
	p.Schema, p.Steps, p.Gates, p.Checks, p.WarmUp, p.Signals = Schema{}, nil, nil, nil, nil, nil
	p.Database.Pooler.File = PoolFile{}
	p.Backup = Backup{Before: Restoring, Keep: s.Plan.Backup.Keep, KeepFor: s.Plan.Backup.KeepFor}
	return p, nil
}
