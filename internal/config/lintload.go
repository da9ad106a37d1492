package config

import "fmt"

// loads reports scenarios that cannot be used, and what a load may do that was
// not meant.
func (l lint) loads(b *Bundle, r *Release) {
	if b.loads == nil {
		return
	}
	for _, asked := range r.loads() {
		p, problems := asked.read(r, b.loads)
		for _, one := range problems {
			*l.found = append(*l.found, Finding{"unusable-load", one.Place, one.Path, one.Reason, one.Cure, Bad})
		}
		if len(p.Writes) > 0 && len(problems) == 0 && asked.order.Purpose != ToProbe {
			l.warn("load-writes", asked.path, fmt.Sprintf("%s may write, and both versions work on the users' data", oneOf(p.Writes)), "leave out what writes, or make sure that what it leaves behind does no harm")
		}
	}
	if r.Spec.WarmUp != nil && r.Spec.Strategy.Type == "rolling" {
		l.warn("cold-batches", "spec.warmUp", "only the first batch of a rolling update is warmed up", "write canary or blue-green if cold instances are slow")
	}
}
