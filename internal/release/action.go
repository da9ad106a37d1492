package release

import (
	"fmt"
	"slices"
	"strings"
)

// ActionKind names what is to be done.
type ActionKind string

// The actions. Each is safe to repeat.
const (
	ActStart        ActionKind = "start"
	ActStop         ActionKind = "stop"
	ActRoute        ActionKind = "route"
	ActCloseStreams ActionKind = "close-streams"
	ActWarmUp       ActionKind = "warm-up"
	ActCheck        ActionKind = "check"
	ActExpand       ActionKind = "expand"
	ActBackfill     ActionKind = "backfill"
	ActContract     ActionKind = "contract"
	ActRevertSchema ActionKind = "revert-schema"
	ActBackup       ActionKind = "backup"
	ActRehearse     ActionKind = "rehearse"
	ActPrepare      ActionKind = "restore-beside"
	ActExchange     ActionKind = "replace-database"
	ActExchangeBack ActionKind = "put-database-back"
	ActSampleCache  ActionKind = "sample-cache"
	ActWarmCache    ActionKind = "warm-cache"
	ActPurgeCache   ActionKind = "purge-cache"
	ActResumePool   ActionKind = "resume-pool"
	ActDrainPool    ActionKind = "drain-pool"
	ActReloadPool   ActionKind = "reload-pool"
)

// Action is something to be done to the world. Decide names it as long as it
// is wanted; the engine carries each out once at a time.
type Action struct {
	Kind ActionKind `json:"kind"`
	Side Side       `json:"side,omitempty"`
	// Component names the companion concerned (start, stop), "" for the
	// component with users.
	Component string `json:"component,omitempty"`
	// Count is how many instances are to run (start).
	Count int `json:"count,omitempty"`
	// Instances are the IDs concerned (stop; close streams, none meaning all).
	Instances []string `json:"instances,omitempty"`
	// Route is what the front is to serve (route).
	Route *Route `json:"route,omitempty"`
	// Prefix is what the keys begin with that go (purge-cache).
	Prefix string `json:"prefix,omitempty"`
}

// Same reports whether both actions ask for exactly the same.
func (a Action) Same(b Action) bool {
	if a.Kind != b.Kind || a.Side != b.Side || a.Component != b.Component || a.Count != b.Count || a.Prefix != b.Prefix || !slices.Equal(a.Instances, b.Instances) {
		return false
	}
	if a.Route == nil || b.Route == nil {
		return a.Route == b.Route
	}
	return a.Route.Same(*b.Route)
}

// Covers reports whether carrying a out does all that b asks for: they are the
// same, or a stops what b stops and more.
func (a Action) Covers(b Action) bool {
	if a.Kind != ActStop || b.Kind != ActStop || a.Side != b.Side || a.Component != b.Component {
		return a.Same(b)
	}
	for _, id := range b.Instances {
		if !slices.Contains(a.Instances, id) {
			return false
		}
	}
	return true
}

// Same reports whether two routes send every request to the same place.
func (r Route) Same(o Route) bool {
	return r.Salt == o.Salt && r.Private == o.Private &&
		r.Sides.Blue.same(o.Sides.Blue) && r.Sides.Green.same(o.Sides.Green) && r.Front.same(o.Front)
}

func (s SideRoute) same(o SideRoute) bool {
	return s.Weight == o.Weight && slices.Equal(s.Endpoints, o.Endpoints)
}

func (f Front) same(o Front) bool {
	return f.Driver == o.Driver && f.Listen == o.Listen && f.Path == o.Path && f.Sticky == o.Sticky && f.PrivateListen == o.PrivateListen &&
		f.StreamGrace == o.StreamGrace && f.StreamSpread == o.StreamSpread && f.Hold == o.Hold && slices.Equal(f.Hosts, o.Hosts) &&
		f.Limits == o.Limits && slices.Equal(f.Trust, o.Trust) && f.Pages.same(o.Pages) && slices.Equal(f.Assets, o.Assets) &&
		f.TLS.Same(o.TLS) && f.Backend == o.Backend && f.Nginx == o.Nginx && f.HAProxy == o.HAProxy
}

// String says in a few words what is to be done.
func (a Action) String() string {
	switch a.Kind {
	case ActStart:
		if a.Component != "" {
			return fmt.Sprintf("start %d of %s on %s", a.Count, a.Component, a.Side)
		}
		return fmt.Sprintf("start %d on %s", a.Count, a.Side)
	case ActStop:
		return fmt.Sprintf("stop %s", strings.Join(a.Instances, ", "))
	case ActRoute:
		return fmt.Sprintf("route blue %s, green %s", a.Route.Sides.Blue.Weight, a.Route.Sides.Green.Weight)
	case ActCloseStreams:
		if len(a.Instances) > 0 {
			return fmt.Sprintf("close streams on %s", strings.Join(a.Instances, ", "))
		}
		return fmt.Sprintf("close streams on %s", a.Side)
	case ActCheck:
		return fmt.Sprintf("check %s", a.Side)
	case ActWarmUp:
		return fmt.Sprintf("warm up %s", a.Side)
	case ActDrainPool:
		return fmt.Sprintf("wait for the server connections of %s", a.Side)
	case ActPurgeCache:
		return fmt.Sprintf("remove %s* from the cache", a.Prefix)
	}
	return string(a.Kind)
}
