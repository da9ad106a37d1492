package release

// checkPool is I11: a pause of PgBouncer that nothing under way ends is ended
// before anything else is tried, and no other begins before.
func checkPool(s State, w World, actions []Action) []Violation {
	if !s.PoolHeld || w.Pool.Held {
		return nil
	}
	var vs []Violation
	for _, a := range actions {
		switch {
		case a.Kind == ActResumePool:
		case s.Plan.PausesFor(a.Kind):
			vs = append(vs, Violation{"I11", string(a.Kind) + " would pause PgBouncer while an earlier pause may still hold"})
		case s.try(ActResumePool, NoSide, "").Failures == 0:
			vs = append(vs, Violation{"I11", string(a.Kind) + " comes before the end of a pause that its controller did not live to end"})
		}
	}
	return vs
}

// checkPoolEnd is I6 for PgBouncer: a release leaves nobody waiting.
func checkPoolEnd(s State) []Violation {
	if s.PoolHeld {
		return []Violation{{"I6", "the release ends while clients of PgBouncer may be waiting"}}
	}
	return nil
}
