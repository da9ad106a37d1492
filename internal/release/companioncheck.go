package release

import "fmt"

// checkCompanionStart is I10: two versions of a singleton never run at once.
func checkCompanionStart(s State, w World, a Action) []Violation {
	c, ok := s.Plan.companion(a.Component)
	if a.Component == "" || c.Overlap != Never {
		return nil
	}
	if !ok || !w.Companions.Known {
		return []Violation{{"I10", "a singleton is started without having looked whether another runs"}}
	}
	for _, i := range w.Companions.List {
		if i.Component == c.Name && i.Side != a.Side {
			return []Violation{{"I10", fmt.Sprintf("%s is started on %s while %s is there", c.Name, a.Side, i.ID)}}
		}
	}
	return nil
}

// checkCompanionStop is I2 for companions: the old version's workers go on
// until the point of no return, its singletons until the new version has the
// traffic.
func checkCompanionStop(s State, a Action) []Violation {
	c, ok := s.Plan.companion(a.Component)
	if !ok || a.Side != c.From.Side || s.NoReturn || s.Phase == Preflight || s.Phase == Restoring {
		return nil
	}
	if c.Overlap == Never && (s.Phase == Soaking || s.Phase == Standby) {
		return nil
	}
	return []Violation{{"I2", fmt.Sprintf("%s of the old version is stopped in %s", c.Name, s.Phase)}}
}

// checkNoneLeft is I1 and I2 for companions: a schema changes under nobody.
func checkNoneLeft(s State, w World, what string, of func(Companion, Instance) bool) []Violation {
	for _, i := range w.Companions.List {
		if c, ok := s.Plan.companion(i.Component); ok && !c.Stays() && of(c, i) {
			return []Violation{{"I2", what + " " + i.ID}}
		}
	}
	return nil
}

// checkCompanionsBack is I6 for companions: the old ones run, the new ones are
// gone.
func checkCompanionsBack(s State, w World) []Violation {
	var vs []Violation
	for _, c := range s.Plan.Companions {
		if n := len(w.Companions.which(c.new).List); n > 0 && !c.Stays() {
			vs = append(vs, Violation{"I6", fmt.Sprintf("%d instances of the rejected %s are left", n, c.Name)})
		}
		if n := w.Companions.which(c.old).Ready(); n < c.Replicas && c.From.Version != "" {
			vs = append(vs, Violation{"I6", fmt.Sprintf("%d of %d instances of %s are back", n, c.Replicas, c.Name)})
		}
	}
	return vs
}
