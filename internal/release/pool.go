package release

import "fmt"

// Pool is what the instances of an app take of its database's connections. The
// zero value says nothing.
type Pool struct {
	// PerInstance is how many one instance opens at most, of any component.
	PerInstance int `json:"perInstance"`
	// Reserve stays free for others.
	Reserve int `json:"reserve,omitempty"`
}

// Room is how many connections a database has.
type Room struct {
	// Max is all there are, Kept what ordinary users cannot have, Others what
	// other users have now.
	Max, Kept, Others int
	// Pools is how many of them the app's PgBouncer opens at most, 0 where
	// instances connect by themselves.
	Pools int
}

// Instances returns how many instances of both versions run at once at most.
func (p Plan) Instances() (old, fresh int) {
	if !p.First() {
		old = p.Replicas
	}
	fresh = p.Replicas
	if p.Strategy == RollingUpdate && !p.First() {
		fresh = min(max(p.Rolling.Parallelism, 1), p.Replicas) // a batch is there before the one it replaces goes
	}
	if p.Strategy == Restore {
		fresh = max(fresh-old, 0) // one version runs at a time
	}
	for _, c := range p.Companions {
		switch {
		case c.Stays(), c.Overlap == Never && c.From.Version != "", p.Strategy == Restore:
			old += c.Replicas
		default:
			if c.From.Version != "" {
				old += c.Replicas
			}
			if c.To.Version != "" {
				fresh += c.Replicas
			}
		}
	}
	return old, fresh
}

// FitsIn says by how much both versions together would exceed the connections
// there are, and what helps; nil if they fit or the plan does not say.
func (p Plan) FitsIn(r Room) error {
	pool := p.Database.Pool
	if pool.PerInstance == 0 {
		return nil
	}
	old, fresh := p.Instances()
	need, have := (old+fresh)*pool.PerInstance+pool.Reserve, r.Max-r.Kept-r.Others
	if r.Pools > 0 {
		return p.poolsFitIn(r, have)
	}
	if need <= have {
		return nil
	}
	return fmt.Errorf("both versions would not fit the database's connections: (%d old + %d new instances) x %d + %d in reserve = %d, and there are %d (max_connections %d - %d kept for superusers - %d of other users); use fewer replicas or smaller pools, put PgBouncer in front, or raise max_connections",
		old, fresh, pool.PerInstance, pool.Reserve, need, have, r.Max, r.Kept, r.Others)
}

// poolsFitIn is FitsIn for instances behind PgBouncer, whose pools are what
// the database sees.
func (p Plan) poolsFitIn(r Room, have int) error {
	need := r.Pools + p.Database.Pool.Reserve
	if need <= have {
		return nil
	}
	return fmt.Errorf("PgBouncer's pools would not fit the database's connections: %d + %d in reserve = %d, and there are %d (max_connections %d - %d kept for superusers - %d of other users); lower pool_size, or raise max_connections",
		r.Pools, p.Database.Pool.Reserve, need, have, r.Max, r.Kept, r.Others)
}
