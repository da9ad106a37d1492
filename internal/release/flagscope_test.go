package release

import (
	"encoding/json"
	"strings"
	"testing"
)

// byPart can be told of every version and component.
var (
	byFlagd    = Flag{Name: "banner", File: &FlagFile{Path: "/flagd.json", Format: FlagsFlagd}}
	byPartHook = Flag{Name: "export", HTTP: &FlagRequest{Method: "POST", URL: "http://h/{{version}}/{{component}}"}}
	everywhere = Flag{Name: "maps", Environment: &FlagVariable{Variable: "MAPS", On: "yes", Off: "no"}}
	ownFile    = Flag{Name: "search", File: &FlagFile{Path: "/f-{{version}}.json", Format: FlagsPlain}}
)

var (
	onlyV2     = FlagScope{Version: "v2"}
	onlyWorker = FlagScope{Component: "worker"}
)

// between has v1 in place and v2 coming in, with these flags.
func between(t *testing.T, flags ...Flag) (*flagged, Plan) {
	t.Helper()
	f := &flagged{T: t, Standing: Standing{App: "shop"}, at: noon}
	one, two := planned("r1"), planned("r2")
	one.To.Version, two.To.Version = "v1", "v2"
	for _, flag := range flags {
		one.Flags, two.Flags = append(one.Flags, flag.Of("v1")), append(two.Flags, flag.Of("v2"))
	}
	f.after(RecordedPlan{Plan: one})
	f.after(Ended{Outcome: Done}, State{Release: "r1", Plan: one})
	f.after(RecordedPlan{Plan: two})
	return f, two
}

// value is what a file says of a flag, by the flag's way of that path.
func (f *flagged) value(name, path string) FlagValue {
	f.Helper()
	for _, s := range f.Flags {
		for _, w := range s.Ways {
			if s.Name == name && w.Flag.File != nil && w.Flag.File.Path == path {
				for _, v := range f.FlagOrderOf(s, w, Stamp{}).All {
					if v.Name == name {
						return v
					}
				}
			}
		}
	}
	f.Errorf("nothing tells of %s in %s", name, path)
	return FlagValue{}
}

func TestAFlagThatIsOffForTheVersionComingInStaysOnForTheOneThatServes(t *testing.T) {
	t.Parallel()
	f, two := between(t, everywhere, ownFile)
	f.after(Switched{Flag: "maps", Only: onlyV2, Off: true, Reason: "not yet"})
	f.after(Switched{Flag: "search", Only: onlyV2, Off: true})
	for version, want := range map[string]string{"v1": "yes", "v2": "no"} {
		if got := f.FlagVariables(two.Flags, version, ""); len(got) != 1 || got[0].Value != want {
			t.Errorf("%s finds %v, want %s", version, got, want)
		}
	}
	if !f.value("search", "/f-v1.json").On || f.value("search", "/f-v2.json").On {
		t.Errorf("the files say %+v of v1 and %+v of v2", f.value("search", "/f-v1.json"), f.value("search", "/f-v2.json"))
	}
	if s, _ := f.Flag("maps"); s.Off {
		t.Error("it counts as off for the whole app")
	}
	if off := f.FlagsOff(); len(off) != 2 || off[0].Only != onlyV2 || off[0].Reason != "not yet" {
		t.Errorf("off are %+v", off)
	}
	f.after(Switched{Flag: "maps", Only: onlyV2})
	f.after(Switched{Flag: "search", Only: onlyV2})
	if got := f.FlagVariables(two.Flags, "v2", ""); got[0].Value != "yes" || !f.value("search", "/f-v2.json").On {
		t.Errorf("after enable v2 finds %v and %+v", got, f.value("search", "/f-v2.json"))
	}
}

func TestAFlagThatIsOffForOneComponentReachesThatAlone(t *testing.T) {
	t.Parallel()
	f, two := between(t, everywhere, byFlagd)
	f.after(Switched{Flag: "maps", Only: onlyWorker, Off: true})
	f.after(Switched{Flag: "maps", Only: FlagScope{Version: "v2", Component: "web", Front: true}, Off: true})
	for _, c := range []struct{ version, component, want string }{
		{"v1", "", "yes"}, {"v2", "", "no"}, {"v1", "worker", "no"}, {"v2", "worker", "no"}, {"v2", "beat", "yes"},
	} {
		if got := f.FlagVariables(two.Flags, c.version, c.component); len(got) != 1 || got[0].Value != c.want {
			t.Errorf("%s of %q finds %v, want %s", c.version, c.component, got, c.want)
		}
	}
	f.after(Switched{Flag: "banner", Only: onlyWorker, Off: true})
	if v := f.value("banner", "/flagd.json"); !v.On || len(v.OffFor) != 1 || v.OffFor[0] != onlyWorker {
		t.Errorf("the file has %+v", v)
	}
	f.after(Switched{Flag: "banner", Off: true})
	if v := f.value("banner", "/flagd.json"); v.On || v.OffFor != nil {
		t.Errorf("off for everybody, the file has %+v", v)
	}
}

func TestAHookIsToldOfEveryPartByItself(t *testing.T) {
	t.Parallel()
	f, two := between(t, byPartHook)
	f.after(Switched{Flag: "export", Only: onlyV2, Off: true})
	f.wants("export off by http POST http://h/{{version}}/{{component}}")
	part, _ := f.FlagFor("export", onlyV2)
	whole, _ := f.Flag("export")
	if o := f.FlagOrderOf(part, part.Ways[0], Stamp{}); o.Only != onlyV2 || o.On || o.Lane() == f.FlagOrderOf(whole, whole.Ways[0], Stamp{}).Lane() {
		t.Errorf("the order is %+v in the lane %q", o, o.Lane())
	}
	if name, _, _, ok := f.Untold(two.Flags); ok || name != "export" {
		t.Errorf("v2 could start, not knowing of %q", name)
	}
	f.after(FlagIntended{Key: "k", Flag: byPartHook, Only: onlyV2, Off: true})
	f.after(FlagFinished{Key: "k", Flag: "export", Only: onlyV2, Off: true})
	f.wants()
	if _, _, _, ok := f.Untold(two.Flags); !ok {
		t.Error("v2 may not start, though its app was told")
	}
}

func TestWhatIsOffForAVersionIsSoWhenThatComesAgain(t *testing.T) {
	t.Parallel()
	f, two := between(t, everywhere, ownFile)
	f.after(Switched{Flag: "maps", Only: onlyV2, Off: true})
	f.after(Switched{Flag: "search", Only: onlyV2, Off: true})
	f.after(Switched{Flag: "search", Only: FlagScope{Version: "v1"}, Off: true})
	f.after(Switched{Flag: "search", Only: FlagScope{Version: "v1"}})
	f.after(Ended{Outcome: RolledBack}, State{Release: "r2", Plan: two})
	if off := f.FlagsOff(); len(off) != 2 || off[0].Only != onlyV2 || off[1].Only != onlyV2 {
		t.Errorf("after the rollback off are %+v", off)
	}
	if s, known := f.FlagFor("search", FlagScope{Version: "v1"}); known {
		t.Errorf("what was switched on again is kept as %+v", s)
	}
	if s, _ := f.FlagFor("search", onlyV2); len(s.Ways) > 0 {
		t.Errorf("the file of a version that went is still written: %+v", s.Ways)
	}
	if v := f.ShowFlag("search", onlyV2, World{}); v.Told != FlagAtStart || !strings.Contains(v.Next, "nothing of version v2 runs") {
		t.Errorf("it is shown as %+v", v)
	}
	again := two
	again.Release = "r3"
	f.after(RecordedPlan{Plan: again})
	if f.value("search", "/f-v2.json").On || f.FlagVariables(again.Flags, "v2", "")[0].Value != "no" {
		t.Error("v2 came again with the feature on")
	}
}

func TestAWayThatCannotSayItRefusesWithTheCure(t *testing.T) {
	t.Parallel()
	plain := Flag{Name: "search", File: &FlagFile{Path: "/f.json", Format: FlagsPlain}}
	ofWeb := Flag{Name: "maps", Component: "web", Environment: everywhere.Environment}
	program := Flag{Name: "import", Command: &FlagCommand{Args: []string{"switch", "{{component}}"}}}
	for _, c := range []struct {
		flag Flag
		only FlagScope
		want string
	}{
		{plain, onlyV2, "write a path with {{version}}"},
		{plain, onlyWorker, "write format: flagd or environment:"},
		{ownFile, onlyWorker, "write format: flagd or environment:"},
		{byHook, onlyV2, "write {{version}} into the url, a header or the body of its hook"},
		{byHook, onlyWorker, "write {{component}} into"},
		{program, onlyV2, "write {{version}} into the arguments of its command"},
		{ofWeb, onlyWorker, "belongs to the component web"},
		{everywhere, FlagScope{Component: "wrkr"}, `no component "wrkr": there are web, worker`},
		{everywhere, FlagScope{Version: "../v2"}, "is no version"},
		{everywhere, onlyV2, ""}, {byFlagd, onlyV2, ""}, {byFlagd, onlyWorker, ""}, {byPartHook, onlyV2, ""}, {program, onlyWorker, ""},
		{ownFile, onlyV2, ""}, {ofWeb, FlagScope{Component: "web"}, ""}, {plain, FlagScope{}, ""},
	} {
		f := standingWith(t, c.flag.Of("v2"))
		f.Plan.Component, f.Plan.Companions = "web", []Companion{{Name: "worker"}}
		only, err := f.Scope(Switched{Flag: c.flag.Name, Only: c.only, Off: true}, f.Plan)
		switch {
		case c.want == "" && (err != nil || !only.Same(c.only)):
			t.Errorf("%s%s became %+v, %v", c.flag.Way(), c.only.For(), only, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s%s: %v; want %q", c.flag.Way(), c.only.For(), err, c.want)
		}
	}
}

func TestAVersionThatCouldNotBeToldWhatIsOffForItIsRefused(t *testing.T) {
	t.Parallel()
	f := standingWith(t, everywhere)
	f.after(Switched{Flag: "maps", Only: onlyV2, Off: true})
	next := planned("r2", Flag{Name: "maps", File: &FlagFile{Path: "/f.json", Format: FlagsPlain}})
	next.To.Version = "v2"
	if err := f.Refuses(next, State{}); err == nil || !strings.Contains(err.Error(), "or `cutover enable maps --version v2` first") {
		t.Errorf("it may begin: %v", err)
	}
	next.To.Version = "v3"
	if err := f.Refuses(next, State{}); err != nil {
		t.Errorf("another version: %v", err)
	}
}

func TestWhatIsOffForTheWholeAppIsNotSwitchedOnForAPart(t *testing.T) {
	t.Parallel()
	f := standingWith(t, everywhere)
	f.after(Switched{Flag: "maps", Off: true})
	if _, err := f.Scope(Switched{Flag: "maps", Only: onlyV2}, f.Plan); err == nil || !strings.Contains(err.Error(), "`cutover enable maps`") {
		t.Errorf("it was answered %v", err)
	}
}

func TestRecordsOfFlagsWithoutAPartMeanTheWholeApp(t *testing.T) {
	t.Parallel()
	var old Switched
	if err := json.Unmarshal([]byte(`{"flag":"maps","off":true,"reason":"slow"}`), &old); err != nil || !old.Only.Whole() {
		t.Errorf("it is read as %+v, %v", old, err)
	}
	fresh, err := json.Marshal(Switched{Flag: "maps", Off: true, Reason: "slow"})
	if err != nil || string(fresh) != `{"flag":"maps","off":true,"reason":"slow"}` {
		t.Errorf("it is written as %s, %v", fresh, err)
	}
	if got := (Switched{Flag: "maps", Only: FlagScope{Version: "v2", Component: "worker"}, Off: true}).sentence(); got != "flag maps switched off for version v2, component worker" {
		t.Errorf("it is said as %q", got)
	}
}
