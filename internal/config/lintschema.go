package config

import "cutover/internal/schema"

// schema warns of what a change of the database may cost.
func (l lint) schema(a *App, r *Release) {
	s := r.Spec.Schema
	if s == nil {
		return
	}
	if r.Spec.Backup == nil {
		l.warn("no-backup", "spec.schema", "after the old version is retired nothing brings back what the change removes", "add backup: {before: expand}")
	}
	if s.Native != nil && !s.Native.Downgrade.given() {
		l.warn("no-downgrade", "spec.schema.native", "when the release is taken back the schema stays as the new version needs it", "add downgrade, or make sure that the old version can live with it")
	}
	if r.Spec.Strategy.Type == "rolling" && r.Spec.Strategy.Standby == 0 {
		l.warn("contract-without-standby", "spec.strategy.standby", "the old shape is removed as soon as the new version stands", "write standby: 24h")
	}
	change, _, has, p := r.Change()
	if p != nil {
		*l.found = append(*l.found, Finding{"unusable-file", p.Place, p.Path, p.Reason, p.Cure, Bad})
		return
	}
	if has {
		l.operations(change)
	}
}

// operations warns of those that a revert cannot give back whole.
func (l lint) operations(c schema.Change) {
	for i, op := range c.Operations {
		at := element("operations", i)
		switch st := op.Stages(); st.Reversible {
		case schema.ShapeOnly:
			l.warn("lossy-revert", "spec.schema.change", at+" ("+op.Kind()+"): what only the new shape can hold is lost when the release is taken back", "give the operation a down expression, or accept it")
		case schema.ByHand:
			l.warn("manual-revert", "spec.schema.change", at+" ("+op.Kind()+"): a revert does what its own down says and no more", "look whether down undoes all of up")
		}
	}
}
