package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

// ear is what an app knows of its flags. It outlives every controller.
type ear struct {
	world *world
	// knows and heard are guarded by the world's lock: what the app knows, and
	// how often it was told.
	knows map[string]bool
	heard map[string]int
	// visible says that the app can be looked at, as a file can.
	visible bool
	// deaf says why it cannot be told.
	deaf error
}

func newEar(w *world) *ear { return &ear{world: w, knows: map[string]bool{}, heard: map[string]int{}} }

type handFlags struct {
	*hand
	ear *ear
}

func (h handFlags) Observe(_ context.Context, o release.FlagOrder) (release.FlagWorld, error) {
	if err := h.reach(); err != nil {
		return release.FlagWorld{}, err
	}
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	on, known := h.ear.knows[o.Flag.Name]
	return release.FlagWorld{Known: h.ear.visible, Told: h.ear.visible && known && on == o.On}, nil
}

func (h handFlags) Tell(ctx context.Context, o release.FlagOrder) error {
	if err := h.reach(); err != nil {
		return err
	}
	if err := h.world.enter(ctx, "flags", order{kind: "flag", stamp: o.Stamp}); err != nil {
		return h.note(err)
	}
	if err := h.reach(); err != nil {
		return err
	}
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	if h.ear.deaf != nil {
		return h.ear.deaf
	}
	h.ear.knows[o.Flag.Name] = o.On
	h.ear.heard[o.Flag.Name]++
	return nil
}

// listens hires a controller that can tell apps of their flags.
func (h *house) listens(owner string, e *ear) *controller {
	c := h.hire(owner)
	c.Flags = handFlags{c.hand, e}
	return c
}

func (h *house) knows(e *ear, flag string) (on, known bool) {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	on, known = e.knows[flag]
	return on, known
}

var hookOfSearch = release.Flag{Name: "search", HTTP: &release.FlagRequest{Method: "POST", URL: "http://h/"}, Timeout: time.Second, Retries: 2, Pause: 100 * time.Millisecond}

// standFlagged brings v1 in, with flags.
func (h *house) standFlagged(c *controller, flags ...release.Flag) {
	h.Helper()
	p := h.plan(c, "r1", "v1")
	p.Flags = flags
	h.deploy(c, p)
	h.untilPhase(c, "r1", release.Done)
}

func (h *house) turn(c *controller, flag string, off bool) {
	h.Helper()
	if _, err := c.Switch(h.Context(), "shop", release.Switched{Flag: flag, Off: off, Reason: "because"}, "ann"); err != nil {
		h.Fatalf("switch %s: %v", flag, err)
	}
}

// toldOf reports whether the journal has it that the app knows of a flag.
func (c *controller) toldOf(flag string, off bool) bool {
	f, ok := c.Standing("shop").Flag(flag)
	return ok && f.Off == off && len(f.Ways) == 1 && f.Ways[0].Told && f.Ways[0].Pending == nil
}

func TestAFlagIsToldAsRecordedWhereverItsControllerDies(t *testing.T) {
	t.Parallel()
	records := 0
	for _, dies := range []verdict{goesThrough, diesBefore, diesAfter, failsLate} {
		for at := 1; at <= max(records, 1); at++ {
			inHouse(t, func(h *house) {
				n := h.switchUnder(shift{dies, at})
				if dies == goesThrough {
					records = n
				}
			})
		}
	}
	if records != 3 {
		t.Errorf("a switch takes %d records, want the request, the intent and the result", records)
	}
}

// switchUnder switches a flag off while its controller dies at an append, and
// returns how many there were.
func (h *house) switchUnder(s shift) int {
	e := newEar(h.world)
	setup := h.listens("setup", e).work()
	h.until("setup leads", setup.leads)
	h.standFlagged(setup, hookOfSearch)
	setup.leave()
	first := h.listens("first", e)
	first.hand.onAppend = func(n int) verdict {
		if n == s.at {
			return s.dies
		}
		return goesThrough
	}
	now := first.work()
	h.until(fmt.Sprintf("the app was told, though its controller met %v at append %d", s.dies, s.at), func() bool {
		if now == first && h.isDead("first") {
			<-first.done
			now = h.listens("second", e).work()
		}
		if !now.leads() {
			return false
		}
		if f, _ := now.Standing("shop").Flag("search"); !f.Off {
			_, err := now.Switch(h.Context(), "shop", release.Switched{Flag: "search", Off: true, Reason: "because"}, "ann")
			if err != nil && !errors.Is(err, errDead) && !errors.Is(err, ErrNotLeading) && s.dies != failsLate {
				h.Fatalf("switch: %v", err)
			}
			return false
		}
		return now.toldOf("search", true)
	})
	if on, known := h.knows(e, "search"); !known || on {
		h.Errorf("%v at append %d: the app knows %t (anything: %t), want off", s.dies, s.at, on, known)
	}
	h.flagsBalanced()
	return first.hand.count()
}

// flagsBalanced fails the test if an intent to tell lacks its result, or if
// something was told under a key that was not on record.
func (h *house) flagsBalanced() {
	h.Helper()
	open := map[string]bool{}
	for _, e := range h.entries("") {
		switch ev := e.Event.(type) {
		case release.FlagIntended:
			open[ev.Key] = true
		case release.FlagFinished:
			if !open[ev.Key] {
				h.Errorf("record %d is the result of nothing: %+v", e.Seq, ev)
			}
			delete(open, ev.Key)
		}
	}
	if len(open) > 0 {
		h.Errorf("intents without a result: %v", open)
	}
}

func TestAFlagSwitchedBackAndForthEndsAsItWasAskedForLast(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		e := newEar(h.world)
		c := h.listens("one", e).work()
		h.until("it leads", c.leads)
		h.standFlagged(c, hookOfSearch)
		for _, off := range []bool{true, false, true, false, true} {
			h.turn(c, "search", off)
		}
		h.until("the app was told", func() bool { return c.toldOf("search", true) })
		if on, _ := h.knows(e, "search"); on {
			h.Error("the app still has it on")
		}
		h.turn(c, "search", false)
		h.until("the app was told again", func() bool { return c.toldOf("search", false) })
		if on, _ := h.knows(e, "search"); !on {
			h.Error("the app has it off")
		}
		h.flagsBalanced()
	})
}

func TestAHookThatFailsIsTriedSoOftenAndThenSaidPlainly(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		e := newEar(h.world)
		c := h.listens("one", e).work()
		h.until("it leads", c.leads)
		h.standFlagged(c, hookOfSearch)
		h.world.change(func() { e.deaf = errors.New("503 Service Unavailable") })
		h.turn(c, "search", true)
		view := func() release.FlagView { return c.Standing("shop").ShowFlags(release.World{})[0] }
		h.until("it is given up", func() bool { return view().Told == release.FlagUntold })
		if v := view(); v.State != "off" || !strings.Contains(v.Error, "503") || v.Next == "" {
			h.Errorf("it is shown as %+v", v)
		}
		tries := 0
		for _, en := range h.entries("r1") {
			if ev, ok := en.Event.(release.FlagFinished); ok && ev.Error != "" {
				tries++
			}
		}
		if tries != 1+hookOfSearch.Retries {
			h.Errorf("it was tried %d times, want once and %d repetitions", tries, hookOfSearch.Retries)
		}
		h.world.change(func() { e.deaf = nil })
		<-time.After(time.Minute)
		if _, known := h.knows(e, "search"); known {
			h.Error("it was told although it had been given up")
		}
		h.turn(c, "search", true)
		h.until("asking again tells it", func() bool { return c.toldOf("search", true) })
		if c.phase("r1") != release.Done {
			h.Errorf("the version that stands is %s: a hook that failed touched it", c.phase("r1"))
		}
	})
}

func TestAVersionDoesNotStartBeforeItsAppKnowsWhatIsOff(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		e := newEar(h.world)
		c := h.listens("one", e).work()
		h.until("it leads", c.leads)
		h.standFlagged(c, hookOfSearch)
		h.turn(c, "search", true)
		h.until("the app was told", func() bool { return c.toldOf("search", true) })
		h.world.change(func() { e.deaf = errors.New("503 Service Unavailable") })
		other := hookOfSearch
		other.HTTP = &release.FlagRequest{Method: "POST", URL: "http://elsewhere/"}
		p := h.plan(c, "r2", "v2")
		p.Flags = []release.Flag{other}
		h.deploy(c, p)
		h.untilPhase(c, "r2", release.RolledBack)
		h.sees(alone(release.Blue, "v1"))
		v, _ := c.View("r2")
		if !strings.Contains(v.State.Reason, "state of flag search") || !strings.Contains(v.State.Reason, "503") {
			h.Errorf("it was taken back because %s", v.State.Reason)
		}
		for _, i := range h.world.started() {
			if i == "v2" {
				h.Error("v2 was started, and did not know that the feature is off")
			}
		}
		if off := v.State.Plan.FlagsOff; len(off) != 1 || off[0].Name != "search" || off[0].By != "ann" {
			h.Errorf("the plan has it that %+v are off", off)
		}
	})
}

// started lists the versions that were ordered to start.
func (w *world) started() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for _, o := range w.orders {
		if o.kind == release.ActStart {
			list = append(list, o.version)
		}
	}
	return list
}

func TestAFileThatIsLostIsWrittenAgain(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		e := newEar(h.world)
		e.visible = true
		c := h.listens("one", e).work()
		h.until("it leads", c.leads)
		h.standFlagged(c, release.Flag{Name: "search", File: &release.FlagFile{Path: "/f", Format: release.FlagsPlain}})
		if on, known := h.knows(e, "search"); !known || !on {
			h.Error("the version stands, and its file is not there")
		}
		h.turn(c, "search", true)
		h.until("the app was told", func() bool { return c.toldOf("search", true) })
		h.world.change(func() { clear(e.knows) })
		h.until("it is there again", func() bool { _, known := h.knows(e, "search"); return known })
		if on, _ := h.knows(e, "search"); on {
			h.Error("it came back switched on")
		}
	})
}

func TestWhatCannotBeSwitchedIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		e := newEar(h.world)
		c := h.listens("one", e).work()
		h.until("it leads", c.leads)
		h.standFlagged(c, hookOfSearch)
		for want, ask := range map[string][2]string{"no flag named \"serch\": there are search": {"shop", "serch"}, "no app named shp": {"shp", "search"}} {
			_, err := c.Switch(h.Context(), ask[0], release.Switched{Flag: ask[1], Off: true}, "ann")
			if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), want) {
				h.Errorf("want %q: %v", want, err)
			}
		}
		file := release.Flag{Name: "banner", File: &release.FlagFile{Path: "/f", Format: release.FlagsPlain}}
		p := h.plan(c, "r2", "v2")
		p.Flags = []release.Flag{file}
		h.deploy(c, p)
		blog := canary("b1", release.Target{}, "v1")
		blog.App, blog.Flags = "blog", p.Flags
		if _, err := c.Deploy(h.Context(), blog, "ann"); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "/f has the flags of shop") {
			h.Errorf("another app wants the same file: %v", err)
		}
		h.request(c, "r2", release.VerbAbort)
		h.untilPhase(c, "r2", release.RolledBack)
		before := len(h.entries(""))
		if changed, err := c.Switch(h.Context(), "shop", release.Switched{Flag: "search"}, "ann"); changed || err != nil {
			h.Errorf("enabling what is on: %t, %v", changed, err)
		}
		if n := len(h.entries("")); n != before {
			h.Errorf("that took %d records", n-before)
		}
	})
}

func TestAfterARestoredJournalNoAppIsToldOfAFlagUntilSomebodyResumes(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		e := newEar(h.world)
		one := h.listens("one", e).work()
		h.until("one leads", one.leads)
		h.standFlagged(one, hookOfSearch)
		h.turn(one, "search", true)
		kept := int64(len(h.entries("")))
		h.until("the app was told", func() bool { return one.toldOf("search", true) })
		h.turn(one, "search", false)
		h.until("the app was told again", func() bool { return one.toldOf("search", false) })
		one.leave()
		h.rewind(kept) // as far as the journal knows, the app is still to be told that it is off

		two := h.listens("two", e).work()
		h.until("two leads", two.leads)
		began := time.Now()
		h.until("ten seconds passed", func() bool { return time.Since(began) > 10*time.Second })
		if on, _ := h.knows(e, "search"); !on {
			h.Error("the app was told what may be long outdated")
		}
		if _, err := two.Switch(h.Context(), "shop", release.Switched{Flag: "search"}, "ann"); !errors.Is(err, ErrRefused) {
			h.Errorf("a switch was answered %v", err)
		}
		h.request(two, "r1", release.VerbResume)
		h.until("the app was told what the journal says", func() bool { return two.toldOf("search", true) })
	})
}

func TestAFlagSwitchedOffReachesInstancesThatStartFromThenOn(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.listens("one", newEar(h.world)).work()
		h.until("it leads", c.leads)
		h.standFlagged(c, release.Flag{Name: "maps", Environment: &release.FlagVariable{Variable: "MAPS", On: "yes", Off: "no"}})
		if got := h.world.variable("MAPS"); got != "yes" {
			h.Errorf("v1 was started with MAPS=%q", got)
		}
		h.turn(c, "maps", true)
		p := h.plan(c, "r2", "v2")
		p.Flags = c.Standing("shop").Plan.Flags
		h.deploy(c, p)
		h.untilPhase(c, "r2", release.Warming)
		if got := h.world.variable("MAPS"); got != "no" {
			h.Errorf("v2 was started with MAPS=%q", got)
		}
		h.untilPhase(c, "r2", release.Done)
	})
}

// variable returns what the latest instance found in its environment.
func (w *world) variable(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range w.env {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}
