package release

// steps returns the traffic steps: for the first release of an app there is
// nobody to compare with, so all traffic comes at once.
func (p Plan) stepCount() int {
	switch {
	case p.alone():
		return 1
	case p.Strategy == RollingUpdate:
		par := max(p.Rolling.Parallelism, 1)
		return (p.Replicas + par - 1) / par
	}
	return max(len(p.Steps), 1)
}

// weightAt returns the new side's share at a step. In a rolling update it is
// the new instances' share of all.
func (p Plan) weightAt(step int) Weight {
	switch {
	case p.shadowOnly():
		return None
	case step >= p.stepCount()-1:
		return All - p.heldBack()
	case p.Strategy == RollingUpdate:
		return Weight(int(All) * p.newAt(step) / p.Replicas)
	}
	return p.Steps[step].Weight
}

// heldBack is the share that stays on the old side until the new one has
// soaked.
func (p Plan) heldBack() Weight {
	if p.First() || p.Strategy != Canary {
		return None
	}
	return p.Holdback
}

// Ahead returns the new side's share in the hold after the present one.
func (s State) Ahead() Weight {
	switch {
	case s.Phase == Shifting && s.Step+1 < s.Plan.stepCount():
		return s.Plan.weightAt(s.Step + 1)
	case s.Phase.carries():
		return All
	}
	return s.Plan.weightAt(0)
}

// HoldNumber counts the holds of a release: that of the first step is 0.
func (s State) HoldNumber() int {
	switch s.Phase {
	case Shifting:
		return s.Step
	case Soaking:
		return s.Plan.stepCount()
	case Standby:
		return s.Plan.stepCount() + 1
	}
	return 0
}

// newAt returns how many new instances run at a step.
func (p Plan) newAt(step int) int {
	if p.Strategy != RollingUpdate || p.First() {
		return p.Replicas
	}
	return min((step+1)*max(p.Rolling.Parallelism, 1), p.Replicas)
}

// oldAt returns how many old instances a step leaves running.
func (p Plan) oldAt(step int) int {
	switch {
	case p.alone():
		return 0
	case p.Strategy != RollingUpdate:
		return p.Replicas
	}
	return p.Replicas - p.newAt(step)
}

// holdAt returns the hold of a step. A rolling update watches each batch for
// Monitor and waits Delay before the next.
func (p Plan) holdAt(step int) Hold {
	switch {
	case p.alone():
		return Hold{}
	case p.Strategy == RollingUpdate:
		h := Hold{AtLeast: p.Rolling.Monitor}
		if step < p.stepCount()-1 {
			h.AtLeast += p.Rolling.Delay
		}
		return h
	case step < len(p.Steps):
		return p.Steps[step].Hold
	}
	return Hold{}
}

// soakHold is the hold at full traffic. A first release has nobody to be
// compared with, and nothing to go back to: it only has to stay ready.
func (p Plan) soakHold() Hold {
	if p.alone() {
		return Hold{AtLeast: min(p.Soak.AtLeast, p.Settle)}
	}
	return p.Soak
}

// quorum is how many old instances must be ready before a rollback may send
// them everything while the new ones could still serve.
func (p Plan) quorum() int {
	if p.Strategy == RollingUpdate {
		return max(p.Replicas-p.Rolling.Parallelism, 1)
	}
	return (p.Replicas + 1) / 2
}
