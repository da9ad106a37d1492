package release

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// leaving is a release that retires v1, with work left on its two instances,
// after some time.
func leaving(t *testing.T, onTimeout OnTimeout, after time.Duration, load ...Load) (State, World) {
	t.Helper()
	p := shopPlan(BlueGreen, 2)
	p.Drain.OnTimeout = onTimeout
	p.Front.StreamGrace, p.Front.StreamSpread = 5*time.Minute, 30*time.Second
	s := stateIn(p, Retiring)
	w := World{Now: noon.Add(after)}
	for side, ids := range map[Side][]string{Blue: {"b1", "b2"}, Green: {"g1", "g2"}} {
		in := w.Sides.Of(side)
		in.Known = true
		for _, id := range ids {
			in.List = append(in.List, Instance{ID: id, Side: side, Addr: id, Alive: true, Ready: true})
		}
	}
	d := decider{p: &s.Plan, s: &s, w: &w}
	r, ok := d.route()
	if !ok {
		t.Fatal("there is no route")
	}
	w.Traffic = Traffic{Known: true, Served: true, Epoch: "e1", Salt: r.Salt, Private: r.Private}
	w.Traffic.Sides.Green = SideTraffic{Weight: All, Endpoints: r.Sides.Green.Endpoints}
	blue := &w.Traffic.Sides.Blue
	for _, l := range load {
		blue.Load = append(blue.Load, l)
		blue.Requests, blue.Streams = blue.Requests+l.Requests, blue.Streams+l.Streams
	}
	return s, w
}

// settle decides until there is nothing more to record.
func settle(t *testing.T, s State, w World) (State, []Event, []Action) {
	t.Helper()
	var all []Event
	for range 10 {
		out := Decide(s, w)
		if vs := CheckActions(s, w, out.Actions); len(vs) > 0 {
			t.Errorf("%v", vs)
		}
		if len(out.Events) == 0 {
			return s, all, out.Actions
		}
		for _, ev := range out.Events {
			next, err := Fold(s, Entry{Seq: s.Seq + 1, At: w.Now, Actor: "engine", Event: ev})
			if err != nil {
				t.Fatal(err)
			}
			s, all = next, append(all, ev)
		}
	}
	t.Fatal("decisions do not settle")
	return s, nil, nil
}

func does(actions []Action, k ActionKind) bool {
	return slices.ContainsFunc(actions, func(a Action) bool { return a.Kind == k })
}

func TestADrainWaitsForcesOrPausesAsItsFileSays(t *testing.T) {
	t.Parallel()
	requests := []Load{{ID: "b1", Requests: 2}, {ID: "b2", Requests: 1}}
	streams := []Load{{ID: "b1", Streams: 1}}
	const soon, late, stubborn = 29 * time.Second, 31 * time.Second, 6*time.Minute + time.Second
	for name, c := range map[string]struct {
		onTimeout          OnTimeout
		after              time.Duration
		load               []Load
		stops, halts, cuts bool
	}{
		"nothing is left":              {DrainPause, 0, nil, true, false, false},
		"pause: there is time":         {DrainPause, soon, requests, false, false, false},
		"pause: the time is over":      {DrainPause, late, requests, false, true, false},
		"pause: a stream in its grace": {DrainPause, late, streams, false, false, false},
		"pause: a stream that stays":   {DrainPause, stubborn, streams, false, true, false},
		"force: there is time":         {DrainForce, soon, requests, false, false, false},
		"force: the time is over":      {DrainForce, late, requests, true, false, true},
		"force: a stream in its grace": {DrainForce, late, append(streams, requests[1]), false, false, false},
		"force: a stream that stays":   {DrainForce, stubborn, streams, true, false, true},
		"wait: there is time":          {DrainWait, soon, requests, false, false, false},
		"wait: the time is over":       {DrainWait, 100 * time.Hour, requests, false, false, false},
		"wait: a stream that stays":    {DrainWait, 100 * time.Hour, streams, false, false, false},
		"wait: nothing is left":        {DrainWait, late, nil, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, w := leaving(t, c.onTimeout, c.after, c.load...)
			s, events, actions := settle(t, s, w)
			if does(actions, ActStop) != c.stops || (s.Halt != nil) != c.halts || (s.Cut.Blue.Last == w.Now) != c.cuts {
				t.Errorf("actions %v, halt %+v, cut %+v, events %v", actions, s.Halt, s.Cut, events)
			}
			if !does(actions, ActStop) && len(Explain(s, w).Waits) == 0 {
				t.Error("it has nothing to say")
			}
			if want := c.after > 5*time.Minute && len(c.load) > 0 && c.load[0].Streams > 0; does(actions, ActCloseStreams) != want && !c.stops {
				t.Errorf("streams are closed: %t, want %t", !want, want)
			}
		})
	}
}

func TestWhatIsCutIsOnRecordWithItsNumbersOnce(t *testing.T) {
	t.Parallel()
	s, w := leaving(t, DrainForce, 6*time.Minute+time.Second, Load{ID: "b1", Requests: 2, Streams: 1}, Load{ID: "b2", Requests: 1})
	s, events, _ := settle(t, s, w)
	if len(events) != 1 {
		t.Fatalf("events %v", events)
	}
	want := "blue drain cut off: 3 requests and 1 stream in flight were cut (b1: 2 requests and 1 stream, b2: 1 request)"
	if got := Sentence(events[0]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if s.Cut.Blue != (Cut{Requests: 3, Streams: 1, Last: w.Now}) || s.Cut.Green != (Cut{}) {
		t.Errorf("cut %+v", s.Cut)
	}
	w.Now = w.Now.Add(time.Second)
	if _, again, _ := settle(t, s, w); len(again) != 0 {
		t.Errorf("it is recorded again: %v", again)
	}
}

func TestNextCutsADrainThatPausedOrWaits(t *testing.T) {
	t.Parallel()
	for _, onTimeout := range []OnTimeout{DrainPause, DrainWait} {
		s, w := leaving(t, onTimeout, time.Minute, Load{ID: "b1", Requests: 1})
		s, _, _ = settle(t, s, w)
		if err := s.Permits(VerbNext); err != nil {
			t.Errorf("%s: %v", onTimeout, err)
			continue
		}
		x := Explain(s, w)
		if !strings.Contains(strings.Join(x.Waits, "\n"), "cutover next") || !strings.Contains(strings.Join(x.Waits, "\n"), "b1: 1 request") {
			t.Errorf("%s: %q", onTimeout, x.Waits)
		}
		s, err := Fold(s, Entry{Seq: s.Seq + 1, At: w.Now, Actor: "ann", Event: Requested{Verb: VerbNext}})
		if err != nil {
			t.Fatal(err)
		}
		s, _, actions := settle(t, s, w)
		if !does(actions, ActStop) || s.Cut.Blue.Requests != 1 {
			t.Errorf("%s: actions %v, cut %+v", onTimeout, actions, s.Cut)
		}
	}
}

func TestAnInstanceWithWorkIsNotStoppedWhereThePlanWaits(t *testing.T) {
	t.Parallel()
	s, w := leaving(t, DrainWait, time.Hour, Load{ID: "b2", Streams: 1})
	stop := func(ids ...string) []Violation {
		return CheckActions(s, w, []Action{{Kind: ActStop, Side: Blue, Instances: ids}})
	}
	if vs := stop("b1"); len(vs) != 0 {
		t.Errorf("an idle one: %v", vs)
	}
	if vs := stop("b1", "b2"); len(vs) != 1 || vs[0].Invariant != "I7" {
		t.Errorf("one with a stream: %v", vs)
	}
	s.Next = true
	if vs := stop("b2"); len(vs) != 0 {
		t.Errorf("on request: %v", vs)
	}
}

func TestARollingBatchClosesOnlyItsOwnStreams(t *testing.T) {
	t.Parallel()
	s, w := leaving(t, DrainPause, 5*time.Minute, Load{ID: "b1", Streams: 1}, Load{ID: "b2", Streams: 1})
	d := decider{p: &s.Plan, s: &s, w: &w}
	if d.drained(Blue, []string{"b2"}, noon) {
		t.Error("a batch with a stream is drained")
	}
	want := Action{Kind: ActCloseStreams, Side: Blue, Instances: []string{"b2"}}
	if len(d.out.Actions) != 1 || !d.out.Actions[0].Same(want) {
		t.Errorf("actions %v, want %v", d.out.Actions, want)
	}
}
