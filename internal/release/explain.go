package release

// Explanation says why a release stands where it stands and what moves it.
type Explanation struct {
	// Word is the short state, such as "shifting (10%)".
	Word string `json:"word"`
	// Because is why the phase began.
	Because string `json:"because"`
	// Waits lists what it waits for, or does, right now.
	Waits []string `json:"waits"`
	// Front lists what the front keeps from users' requests for now, or users'
	// requests from: sick instances, and requests that wait for one.
	Front []string `json:"front,omitempty"`
	// Verbs are what a person could do, each with what it would bring about.
	Verbs []Help  `json:"verbs"`
	Back  WayBack `json:"back"`
	// Verdict is the latest, with all its evidence.
	Verdict Verdict `json:"verdict"`
}

// Help is a verb with its meaning here and now.
type Help struct {
	Verb    Verb   `json:"verb"`
	Meaning string `json:"meaning"`
}

// Explain says why nothing else happens now, and which verbs help.
func Explain(s State, w World) Explanation {
	d := decider{p: &s.Plan, s: &s, w: &w, explaining: true}
	d.run()
	x := Explanation{Word: s.Word(), Because: s.Reason, Waits: d.out.Waits, Front: w.Traffic.says(w.Now), Verbs: s.helps(), Back: Back(s), Verdict: s.Verdict}
	if w.Verdict.Kind != Unknown {
		x.Verdict = w.Verdict
	} else if len(w.Verdict.Signals) > 0 {
		x.Verdict.Signals = w.Verdict.Signals
	}
	if w.Verdict.Synthetic != nil {
		x.Verdict.Synthetic = w.Verdict.Synthetic
	}
	for _, e := range d.out.Events {
		x.Waits = append(x.Waits, "now: "+Sentence(e))
	}
	if s.Halt != nil {
		x.Waits = append([]string{s.Halt.Reason + "; " + s.Halt.Cure}, x.Waits...)
	}
	return x
}

// helps lists the verbs the state permits.
func (s State) helps() []Help {
	meanings := []Help{
		{VerbNext, "ends this hold without further evidence"},
		{VerbPromote, "goes on to all traffic without holds; guards stay armed"},
		{VerbPause, "keeps traffic as it is; automatic rollback stays armed"},
		{VerbResume, "goes on"},
		{VerbAbort, "takes the release back and rejects " + s.Plan.To.Version},
		{VerbRollback, "takes the release back and rejects " + s.Plan.To.Version},
		{VerbRetire, "ends standby: " + s.Plan.From.Version + " stops, and there is no way back"},
	}
	var out []Help
	for _, h := range meanings {
		if s.Permits(h.Verb) == nil && !(h.Verb == VerbRollback && s.Permits(VerbAbort) == nil) {
			out = append(out, h)
		}
	}
	return out
}
