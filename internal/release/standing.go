package release

import (
	"fmt"
	"time"
)

// Standing is what stands of one app between releases: which version serves,
// on which side, since when, and which versions are rejected.
type Standing struct {
	App string `json:"app"`
	// Plan is that of the release that brought the version in; its Release is
	// empty as long as nothing serves.
	Plan  Plan      `json:"plan"`
	Since time.Time `json:"since,omitzero"`
	// Active names the release under way, "" for none.
	Active   string     `json:"active,omitempty"`
	Rejected []Rejected `json:"rejected,omitempty"`
	// Generations are the highest numbers of the cache's generations that were
	// ever planned, by namespace: one that was taken back is not used again.
	Generations map[string]int `json:"generations,omitempty"`
	// Restored is set from the time the journal was replaced by an earlier
	// copy until a person resumes.
	Restored *Restored `json:"restored,omitempty"`
	// Flags are those that the version which stands declares, or the one coming
	// in, sorted by name; and those that are off, whoever declares them.
	Flags []FlagState `json:"flags,omitempty"`
}

// Rejected is a version that was taken back and is not to be tried again.
type Rejected struct {
	Version string    `json:"version"`
	Release string    `json:"release"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
}

// Serves returns what serves now; its Version is empty for nothing.
func (s Standing) Serves() Target { return s.Plan.To }

// Rejects returns why a version may not be deployed, if so.
func (s Standing) Rejects(version string) (Rejected, bool) {
	for _, r := range s.Rejected {
		if r.Version == version {
			return r, true
		}
	}
	return Rejected{}, false
}

// Refuses says why a plan may not begin now and what can be done about it, or
// nil if it may. active is the state of the release under way, if there is one.
func (s Standing) Refuses(p Plan, active State) error {
	if s.Restored != nil {
		return fmt.Errorf("%s: %s; %s", p.App, s.Restored.Halt().Reason, s.Restored.Halt().Cure)
	}
	if s.Active != "" {
		cure := "wait for it, or take it back with `cutover rollback`"
		if active.Phase == Standby {
			cure = "`cutover retire` ends its standby, `cutover rollback` takes it back"
		}
		return fmt.Errorf("release %s of %s is under way (%s); %s", s.Active, p.App, active.Word(), cure)
	}
	if r, ok := s.Rejects(p.To.Version); ok {
		return fmt.Errorf("version %s was taken back by release %s (%s); `cutover allow %s %s` lets it be tried again",
			r.Version, r.Release, r.Reason, p.App, r.Version)
	}
	return s.clashes(p)
}

// FoldStanding returns what stands after an event of the app. of is the state
// of the event's release after the event, where it has one.
func FoldStanding(s Standing, e Entry, of State) Standing {
	s.Flags = foldFlags(s, e, of)
	switch ev := e.Event.(type) {
	case RecordedPlan:
		s.App, s.Active = ev.Plan.App, ev.Plan.Release
		s.Generations = ev.Plan.Cache.numbers(s.Generations)
	case Ended:
		s.Active = ""
		if ev.Outcome == Done {
			s.Plan, s.Since = of.Plan, e.At
			s.Rejected = without(s.Rejected, of.Plan.To.Version)
		}
		if ev.Rejected {
			s.Rejected = append(without(s.Rejected, of.Plan.To.Version),
				Rejected{Version: of.Plan.To.Version, Release: of.Release, Reason: ev.Reason, At: e.At})
		}
	case Restored:
		s.Restored = &ev
	case Requested:
		if of.Release == "" && ev.Verb == VerbResume {
			s.Restored = nil
		}
	case Allowed:
		s.Rejected = without(s.Rejected, ev.Version)
	}
	return s
}

func without(list []Rejected, version string) []Rejected {
	var kept []Rejected
	for _, r := range list {
		if r.Version != version {
			kept = append(kept, r)
		}
	}
	return kept
}
