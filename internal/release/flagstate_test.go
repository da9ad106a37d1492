package release

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// flagged is an app's standing with the means to let it go on.
type flagged struct {
	*testing.T
	Standing
	at  time.Time
	seq int64
}

func (f *flagged) after(ev Event, of ...State) {
	f.seq++
	f.at = f.at.Add(time.Second)
	var state State
	if len(of) > 0 {
		state = of[0]
	}
	before := f.Standing
	kept := before
	kept.Flags = append([]FlagState(nil), before.Flags...)
	f.Standing = FoldStanding(f.Standing, Entry{Seq: f.seq, At: f.at, Actor: "ann", Event: ev}, state)
	if !reflect.DeepEqual(before.Flags, kept.Flags) {
		f.Errorf("%T changed what there was before it", ev)
	}
}

// due lists the flags that are to be told now.
func (f *flagged) due() []string {
	var names []string
	for _, s := range f.Flags {
		for _, w := range s.Ways {
			if w.Due(f.at, false) {
				names = append(names, s.Name+" "+OnOff(s.Off)+" by "+w.Flag.Way())
			}
		}
	}
	return names
}

func (f *flagged) wants(names ...string) {
	f.Helper()
	if got := f.due(); strings.Join(got, ", ") != strings.Join(names, ", ") {
		f.Errorf("due is %q, want %q", got, names)
	}
}

func (f *flagged) told(name string, off bool, err string) {
	f.Helper()
	s, _ := f.Flag(name)
	for _, w := range s.Ways {
		if w.Due(f.at.Add(time.Hour), false) {
			f.after(FlagIntended{Key: "k", Flag: w.Flag, Off: off})
			f.after(FlagFinished{Key: "k", Flag: name, Off: off, Error: err})
			return
		}
	}
	f.Errorf("nothing is to be told of %s", name)
}

var (
	byFile     = Flag{Name: "search", File: &FlagFile{Path: "/f.json", Format: FlagsPlain}}
	byHook     = Flag{Name: "export", HTTP: &FlagRequest{Method: "POST", URL: "http://h/"}, Retries: 1, Pause: time.Second}
	byVariable = Flag{Name: "maps", Component: "web", Environment: &FlagVariable{Variable: "MAPS", On: "yes", Off: "no", Components: []string{""}}}
)

func planned(name string, flags ...Flag) Plan {
	p := shopPlan(Canary, 2)
	p.Release, p.Flags = name, flags
	return p
}

// standingWith has a version with these flags in place, and the app told.
func standingWith(t *testing.T, flags ...Flag) *flagged {
	f := &flagged{T: t, Standing: Standing{App: "shop"}, at: noon}
	p := planned("r1", flags...)
	f.after(RecordedPlan{Plan: p})
	for len(f.due()) > 0 {
		f.told(strings.Fields(f.due()[0])[0], false, "")
	}
	f.after(Ended{Outcome: Done}, State{Release: "r1", Plan: p})
	return f
}

func TestAFileIsThereBeforeAFlagIsEverSwitchedAndNobodyElseIsBothered(t *testing.T) {
	t.Parallel()
	f := &flagged{T: t, at: noon}
	f.after(RecordedPlan{Plan: planned("r1", byHook, byVariable, byFile)})
	f.wants("search on by file /f.json (json)")
}

func TestWhatIsSwitchedIsToldUntilItIsKnownToBeHeard(t *testing.T) {
	t.Parallel()
	f := standingWith(t, byHook, byVariable, byFile)
	f.wants()
	f.after(Switched{Flag: "export", Off: true, Reason: "too slow"})
	f.after(Switched{Flag: "search", Off: true})
	f.after(Switched{Flag: "maps", Off: true})
	f.wants("export off by http POST http://h/", "search off by file /f.json (json)")
	f.told("export", true, "")
	f.told("search", true, "")
	f.wants()
	if s, _ := f.Flag("export"); !s.Off || s.By != "ann" || s.Reason != "too slow" || s.Since.IsZero() {
		t.Errorf("it is on record as %+v", s)
	}
	f.after(Switched{Flag: "export"})
	f.wants("export on by http POST http://h/")
}

func TestAFlagThatIsOffStaysOffInTheNextVersionHoweverThatIsTold(t *testing.T) {
	t.Parallel()
	f := standingWith(t, byHook)
	f.after(Switched{Flag: "export", Off: true})
	f.told("export", true, "")
	same, other := planned("r2", byHook), planned("r3", Flag{Name: "export", File: byFile.File})
	f.after(RecordedPlan{Plan: same})
	f.wants()
	f.after(Ended{Outcome: Done}, State{Release: "r2", Plan: same})
	f.after(RecordedPlan{Plan: other})
	f.wants("export off by file /f.json (json)")
	if name, _, _, ok := f.Untold(other.Flags); ok || name != "export" {
		t.Errorf("the new version could start, not knowing of %q", name)
	}
	f.after(Switched{Flag: "export"})
	f.wants("export on by http POST http://h/", "export on by file /f.json (json)")
	f.told("export", false, "")
	f.told("export", false, "")
	f.after(Ended{Outcome: RolledBack}, State{Release: "r3", Plan: other})
	if s, _ := f.Flag("export"); len(s.Ways) != 1 || s.Ways[0].Flag.HTTP == nil {
		t.Errorf("after the rollback it is told by %+v", s.Ways)
	}
}

func TestAFlagThatAVersionDropsIsForgottenUnlessItIsOff(t *testing.T) {
	t.Parallel()
	f := standingWith(t, byHook, byFile)
	f.after(Switched{Flag: "export", Off: true})
	next := planned("r2")
	f.after(RecordedPlan{Plan: next})
	f.after(Ended{Outcome: Done}, State{Release: "r2", Plan: next})
	if len(f.Flags) != 1 || f.Flags[0].Name != "export" || !f.Flags[0].Dropped || !f.Flags[0].Off {
		t.Errorf("kept are %+v", f.Flags)
	}
	again := planned("r3", byHook)
	f.after(RecordedPlan{Plan: again})
	if s, _ := f.Flag("export"); s.Dropped || !s.Off {
		t.Errorf("declared again it is %+v", s)
	}
}

func TestTellingIsTriedWithPausesAndThenGivenUpUntilSomebodyAsksAgain(t *testing.T) {
	t.Parallel()
	f := standingWith(t, byHook)
	f.after(Switched{Flag: "export", Off: true})
	f.told("export", true, "no answer")
	f.wants()
	f.at = f.at.Add(time.Second)
	f.wants("export off by http POST http://h/")
	f.told("export", true, "no answer at all")
	f.at = f.at.Add(time.Hour)
	f.wants()
	s, _ := f.Flag("export")
	v := f.ShowFlags(World{})[0]
	if !s.GaveUp() || v.Told != FlagUntold || v.Error != "no answer at all" || !strings.Contains(v.Next, "cutover disable export") {
		t.Errorf("it is shown as %+v", v)
	}
	if name, why, failed, ok := f.Untold([]Flag{byHook}); ok || !failed || name != "export" || why != "no answer at all" {
		t.Errorf("untold is %q, %q, %t", name, why, failed)
	}
	since := s.Since
	f.after(Switched{Flag: "export", Off: true})
	f.wants("export off by http POST http://h/")
	if s, _ := f.Flag("export"); !s.Since.Equal(since) {
		t.Error("asking again made it look as if it was switched off only now")
	}
}

func TestAResultThatComesLateCountsForNothing(t *testing.T) {
	t.Parallel()
	f := standingWith(t, byHook)
	f.after(Switched{Flag: "export", Off: true})
	f.after(FlagIntended{Key: "r1/7", Flag: byHook, Off: true})
	f.after(Switched{Flag: "export"})
	f.after(FlagFinished{Key: "r1/7", Flag: "export", Off: true})
	f.wants("export on by http POST http://h/")
	f.after(FlagFinished{Key: "r1/7", Flag: "export"})
	f.wants("export on by http POST http://h/")
}

func TestAFileThatSomebodyElseReplacesIsWrittenAgainEverMoreSlowly(t *testing.T) {
	t.Parallel()
	f := standingWith(t, byFile)
	last := time.Duration(0)
	for range 12 {
		s, _ := f.Flag("search")
		pause := time.Second
		for !s.Ways[0].Due(s.Ways[0].At.Add(pause), true) {
			pause += time.Second
		}
		if pause < last || pause > retellMaxPause {
			t.Fatalf("a pause of %s after one of %s", pause, last)
		}
		f.at, last = s.Ways[0].At.Add(pause), pause
		f.after(FlagIntended{Key: "k", Flag: byFile})
		f.after(FlagFinished{Key: "k", Flag: "search"})
	}
	if last < time.Minute {
		t.Errorf("after a dozen times the pause is still %s", last)
	}
	f.at = f.at.Add(time.Hour)
	f.after(FlagIntended{Key: "k", Flag: byFile})
	f.after(FlagFinished{Key: "k", Flag: "search"})
	if s, _ := f.Flag("search"); s.Ways[0].Repeats != 0 {
		t.Errorf("it had lasted for an hour, and counts as the repetition number %d", s.Ways[0].Repeats)
	}
}

func TestAVariableReachesTheComponentItIsMeantFor(t *testing.T) {
	t.Parallel()
	f := standingWith(t, byVariable)
	flags := f.Plan.Flags
	if got := f.FlagVariables(flags, "v1", ""); len(got) != 1 || got[0] != (EnvVar{Name: "MAPS", Value: "yes"}) {
		t.Errorf("on, it is %v", got)
	}
	f.after(Switched{Flag: "maps", Off: true})
	if got := f.FlagVariables(flags, "v1", ""); len(got) != 1 || got[0] != (EnvVar{Name: "MAPS", Value: "no"}) {
		t.Errorf("off, it is %v", got)
	}
	if got := f.FlagVariables(flags, "v1", "mailer"); len(got) != 0 {
		t.Errorf("the mailer gets %v", got)
	}
	if got := f.FlagVariables(nil, "v1", ""); len(got) != 1 || got[0].Value != "no" {
		t.Errorf("a version that does not declare it any more gets %v: the feature would be back", got)
	}
	old, fresh := Instance{ID: "old", Alive: true, Since: noon}, Instance{ID: "fresh", Alive: true, Since: f.at.Add(time.Minute)}
	v := f.ShowFlags(World{Sides: Sides[Instances]{Blue: Instances{Known: true, List: []Instance{old, fresh}}}})[0]
	if v.Told != FlagAtStart || len(v.Before) != 1 || v.Before[0] != "old" {
		t.Errorf("it is shown as %+v", v)
	}
}

func TestAnArtefactKeepsItsOwnVariablesBesideThoseThatAreSet(t *testing.T) {
	t.Parallel()
	a := Artefact{Env: []EnvVar{{Name: "A", Value: "1"}, {Name: "MAPS", Ref: "env:X"}}}
	got := a.With(EnvVar{Name: "MAPS", Value: "no"}, EnvVar{Name: "B", Value: "2"})
	want := []EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}, {Name: "MAPS", Value: "no"}}
	if !reflect.DeepEqual(got.Env, want) || a.Env[1].Ref != "env:X" {
		t.Errorf("it has %v, and the artefact it was made from %v", got.Env, a.Env)
	}
}

func TestAFileOfFlagsHasOneFormAndOneApp(t *testing.T) {
	t.Parallel()
	f := standingWith(t, byFile)
	other := byFile
	other.File = &FlagFile{Path: byFile.File.Path, Format: FlagsFlagd}
	next := planned("r2", other)
	next.To.Version = "v9"
	if err := f.Refuses(next, State{}); err == nil || !strings.Contains(err.Error(), "reads /f.json as json") {
		t.Errorf("another form of the same file: %v", err)
	}
	next.Flags = []Flag{byFile, byHook}
	if err := f.Refuses(next, State{}); err != nil {
		t.Errorf("the same form: %v", err)
	}
	if path := f.Occupies(next); path != "" {
		t.Errorf("it occupies %s against itself", path)
	}
	next.App = "blog"
	if path := f.Occupies(next); path != "/f.json" {
		t.Errorf("another app may write %q", path)
	}
}

func TestAFlagsWayShowsNoSecret(t *testing.T) {
	t.Parallel()
	f := Flag{HTTP: &FlagRequest{Method: "POST", URL: "http://ann:geheim@h:1/x?token=geheim"}}
	if got := f.Way(); got != "http POST http://h:1/x" {
		t.Errorf("it is %q", got)
	}
}

func TestARestartBringsInWhatRunsOnTheOtherSideAndRejectsNothing(t *testing.T) {
	t.Parallel()
	f := standingWith(t, byVariable)
	f.Plan.To.Artefact.Command = []string{"shop"}
	p, err := f.Restart("shop-restart-1")
	if err != nil {
		t.Fatal(err)
	}
	if !p.Restarts() || p.From.Side == p.To.Side || p.To.Side != f.Plan.To.Side.Other() || len(p.Flags) != 1 || p.Strategy != RollingUpdate {
		t.Errorf("the plan is %+v", p)
	}
	d := decider{p: &p, s: &State{Plan: p}, w: &World{}}
	d.end(RolledBack, "crash loop", true)
	if d.out.Events[0].(Ended).Rejected {
		t.Error("the version that serves is rejected")
	}
	f.Plan.To.Artefact = Artefact{Addresses: []string{"a:1"}}
	if _, err := f.Restart("x"); err == nil || !strings.Contains(err.Error(), "somebody else") {
		t.Errorf("instances of somebody else: %v", err)
	}
}
