package config

import "cutover/internal/signal"

// signals warns of what is allowed and yet may not be meant.
func (l lint) signals(s Signals, dir string) {
	for i, one := range s.Watch {
		at := join("spec.signals", element("watch", i))
		resolved := one.resolve(dir)
		for key, q := range map[string]*Queries{"prometheus": one.Prometheus, "http": one.HTTP} {
			if q != nil {
				l.secrets(q.Headers, join(join(at, key), "headers"))
			}
		}
		if resolved.Shape == signal.Rate && resolved.Compare == signal.WithBlue && one.Process == "" {
			l.warn("unequal-traffic", at, "a side with less traffic has a lower rate, so green seems better than it is while it has few requests", "write per: request")
		}
		if resolved.Role == signal.Guard && resolved.For == 0 && resolved.Compare != signal.WithLimit && resolved.Least == 0 {
			l.warn("hasty-signal", at, "a single reading that is worse by "+one.Tolerance.String()+" takes the release back, however small the number", "write for, such as 30s, or least")
		}
		if resolved.Role == signal.Evidence && resolved.Shape != signal.Counted {
			l.warn("weak-evidence", at, "a number now hangs on the one before it, so samples of it convince sooner than they should", "count good and bad where that is possible, or make it a guard")
		}
	}
}
