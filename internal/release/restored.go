package release

import "fmt"

// Restored says that the journal was replaced by an earlier copy of itself,
// or that the loss of its end was accepted. What the app went through since is
// not on record: the world may be ahead of the journal. It belongs to the app.
type Restored struct {
	// Kept is the last record of the earlier copy, Lost the last one that is
	// known to have followed it.
	Kept int64 `json:"kept"`
	Lost int64 `json:"lost"`
	// Reason is how it came about.
	Reason string `json:"reason"`
}

// Name is the event's type in the journal.
func (Restored) Name() string { return "restored" }

// Halt is how a release of the app is shown until a person resumes: nothing is
// done for the app, because doing again what was done once may do harm.
func (r Restored) Halt() *Halt {
	return &Halt{
		Kind:   NeedsHuman,
		Reason: fmt.Sprintf("%s: records %d to %d are missing, so what runs may be ahead of the journal, and nothing is done", r.Reason, r.Kept+1, r.Lost),
		Cure:   "compare what runs with what the journal says; `cutover resume` goes on from what the journal says",
	}
}

// permits says why a verb makes no sense before the app is resumed.
func (r Restored) permits(verb Verb) error {
	if verb == VerbResume {
		return nil
	}
	return fmt.Errorf("%s is not possible now: %s; %s", verb, r.Halt().Reason, r.Halt().Cure)
}

// Permits says why nobody may ask this of the app's release now, or nil.
// active is the release's state.
func (s Standing) Permits(verb Verb, of State) error {
	if s.Restored != nil {
		return s.Restored.permits(verb)
	}
	return of.Permits(verb)
}

// Shown returns a release's state as people see it: halted for as long as its
// app waits for somebody after a restored journal.
func (s Standing) Shown(of State) State {
	deciding := s.Active
	if deciding == "" {
		deciding = s.Plan.Release
	}
	if s.Restored != nil && of.Release == deciding {
		of.Halt = s.Restored.Halt()
	}
	return of
}
