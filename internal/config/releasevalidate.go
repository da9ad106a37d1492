package config

import (
	"fmt"

	"cutover/internal/release"
)

func (r *Release) validate(replicas int, accept func(release.Check) error) {
	tell := r.doc.reporter("")
	checkName(r.Metadata.Name, "metadata.name", tell)
	checkVersion(r.Spec.From.Version, "spec.from", tell)
	checkVersion(r.Spec.To.Version, "spec.to", tell)
	if v := r.Spec.To.Version; v != "" && v == r.Spec.From.Version {
		tell("spec.to", fmt.Sprintf("from and to are both %s", v), "write another version in one of the two")
	}
	spec := tell.in("spec")
	r.Spec.To.validate(spec.in("to"))
	has := func(path string) bool { return r.doc.has(join("spec.strategy", path)) }
	r.Spec.Schema.validate(spec.in("schema"))
	r.Spec.Rehearse.validate(r.Spec.Schema != nil, spec.in("rehearse"))
	if r.Spec.Strategy.Type == "shadow" && r.Spec.Schema != nil {
		spec("schema", "a release that is only a shadow changes nothing that production uses", "remove it, or try the version in a canary: strategy: {type: canary, shadow: 10%}")
	}
	r.Spec.Strategy.validate(replicas, has, spec.in("strategy"))
	r.Spec.Checks.validate(r.doc.source.dir, accept, spec.in("checks"))
	r.validateLoads(spec)
	r.Spec.Guard.validate(spec.in("guard"))
	checkPositive(r.Spec.Ready.Within, "ready.within", spec)
	if t := r.Spec.Tries; t.MaxPause < t.Pause {
		spec("tries.maxPause", fmt.Sprintf("%s is less than the pause of %s", t.MaxPause, t.Pause), "write a longer maxPause")
	}
}

func (g Guard) validate(tell report) {
	if g.FalseAlarms <= 0 || g.FalseAlarms >= 1 {
		tell("falseAlarms", fmt.Sprintf("no amount of evidence gives a chance of %s", g.FalseAlarms), "write a small one such as 0.1%")
	}
	if g.Outage >= 1 {
		tell("outage", "no version fails more than all of its requests", "write a share such as 2%, or 0% for none")
	}
}

func (t Target) validate(tell report) {
	checkEnv(t.Env, "env", tell)
	checkPlaceholders(t.EnvFile, "envFile", pathPlaceholders, tell)
	checkFiles(t.Files, "files", tell)
	TargetComponent{Command: t.Command, Shell: t.Shell, Dir: t.Dir, Image: t.Image}.validate(tell)
	for name, c := range t.Components {
		c.validate(tell.in(entry("components", name)))
	}
}
