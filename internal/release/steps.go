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
		return All
	case p.Strategy == RollingUpdate:
		return Weight(int(All) * p.newAt(step) / p.Replicas)
	}
	return p.Steps[step].Weight
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
