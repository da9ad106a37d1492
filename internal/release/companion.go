package release

// Companion is a component that gets no requests from the front: a worker that
// takes tasks from a queue, a scheduler. It belongs to the release as the
// component with users does, and one verdict is about all of them.
type Companion struct {
	// Name is unique within the app and never empty: the component without a
	// name is the one that the front sends requests to.
	Name string `json:"name"`
	// Replicas is how many instances of it run.
	Replicas int     `json:"replicas"`
	Overlap  Overlap `json:"overlap"`
	// From is what runs when the release begins; its Version is empty if the
	// component is new. To is what comes in; its Version is empty if the
	// component goes. They are the same for one that takes no part in the
	// release, and never on the same side otherwise.
	From Target `json:"from,omitzero"`
	To   Target `json:"to,omitzero"`
}

// Overlap says whether two versions of a component may run at the same time.
type Overlap string

// The overlaps.
const (
	// Together is for workers: the new ones start before traffic moves, the old
	// ones go on until they are retired. When they are stopped they finish what
	// they have begun, within their grace.
	Together Overlap = "together"
	// Never is for singletons: when all traffic is on the new version the old
	// one ends, is seen to be gone, and only then the new one starts. The way
	// back keeps the same order.
	Never Overlap = "never"
)

// Stays reports whether the component takes no part in the release.
func (c Companion) Stays() bool {
	return c.From.Version == c.To.Version && c.From.Side == c.To.Side && c.From.Digest == c.To.Digest
}

// old and new report whether an instance is the component's, in the version
// that was there before or in the one that comes in.
func (c Companion) old(i Instance) bool { return i.Component == c.Name && i.runs(c.From) }
func (c Companion) new(i Instance) bool { return i.Component == c.Name && i.runs(c.To) }

func (i Instance) runs(t Target) bool {
	return t.Version != "" && i.Side == t.Side && i.Digest == t.Digest && i.Version == t.Version
}

// companion returns the companion of that name.
func (p Plan) companion(name string) (Companion, bool) {
	for _, c := range p.Companions {
		if c.Name == name {
			return c, true
		}
	}
	return Companion{}, false
}

// TargetOf returns the version that runs on a side, of the component with that
// name; "" names the one the front sends requests to.
func (p Plan) TargetOf(component string, side Side) Target {
	from, to := p.From, p.To
	if component != "" {
		c, _ := p.companion(component)
		from, to = c.From, c.To
	}
	if side == from.Side {
		return from
	}
	return to
}

// which returns the instances for which is holds.
func (l Instances) which(is func(Instance) bool) Instances {
	out := Instances{Known: l.Known}
	for _, i := range l.List {
		if is(i) {
			out.List = append(out.List, i)
		}
	}
	return out
}
