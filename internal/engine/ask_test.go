package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

// refused fails the test unless err is a refusal with these words in it.
func (h *house) refused(err error, words ...string) {
	h.Helper()
	if !errors.Is(err, ErrRefused) {
		h.Errorf("it was answered %v, want a refusal", err)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			h.Errorf("the refusal %q does not say %q", err, w)
		}
	}
}

func TestADeploymentIsRefusedWhileAnotherReleaseIsUnderWay(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		h.deploy(c, h.plan(c, "r2", "v2"))
		h.untilPhase(c, "r2", release.Shifting)
		_, err := c.Deploy(h.Context(), h.plan(c, "r3", "v3"), "ann")
		h.refused(err, "release r2 of shop is under way (shifting (25%))", "cutover rollback")
		h.untilPhase(c, "r2", release.Standby)
		_, err = c.Deploy(h.Context(), h.plan(c, "r3", "v3"), "ann")
		h.refused(err, "r2", "cutover retire")
		if len(h.entries("r3")) > 0 {
			h.Errorf("a refused deployment is on record")
		}
	})
}

func TestADeploymentIsRefusedWhenItsPlanStartsFromSomethingElse(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		_, err := c.Deploy(h.Context(), canary("r1", release.Target{Version: "v0", Side: release.Blue}, "v1"), "ann")
		h.refused(err, "starts from v0", "shop serves nothing", "make the plan again")
		h.stand(c)
		p := h.plan(c, "r2", "v2")
		p.From.Digest = "that of another v1"
		_, err = c.Deploy(h.Context(), p, "ann")
		h.refused(err, "starts from v1")
		_, err = c.Deploy(h.Context(), canary("r2", release.Target{}, "v2"), "ann")
		h.refused(err, "starts from nothing", "serves v1")
	})
}

func TestARejectedVersionIsRefusedUntilItIsAllowed(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		h.refused(c.Allow(h.Context(), "shop", "v2", "ann", ""), "version v2 of shop is not rejected")
		h.deploy(c, h.plan(c, "r2", "v2"))
		h.untilPhase(c, "r2", release.Shifting)
		h.request(c, "r2", release.VerbRollback)
		h.untilPhase(c, "r2", release.RolledBack)
		_, err := c.Deploy(h.Context(), h.plan(c, "r3", "v2"), "ann")
		h.refused(err, "version v2 was taken back by release r2", "rollback by ann: because", "cutover allow shop v2")
		if err := c.Allow(h.Context(), "shop", "v2", "ann", "mended"); err != nil {
			h.Fatalf("allow: %v", err)
		}
		h.deploy(c, h.plan(c, "r3", "v2"))
		h.untilPhase(c, "r3", release.Done)
	})
}

func TestADeploymentMayBeRepeatedButItsNameStandsForOneArtefact(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		p := h.plan(c, "r2", "v2")
		h.deploy(c, p)
		for range 2 {
			if resumed, err := c.Deploy(h.Context(), p, "bob"); err != nil || !resumed {
				h.Errorf("repeated: resumed %t, %v", resumed, err)
			}
		}
		other := h.plan(c, "r2", "v3")
		_, err := c.Deploy(h.Context(), other, "ann")
		h.refused(err, "a release named r2 exists already", "another name")
		elsewhere := p
		elsewhere.App = "forum"
		_, err = c.Deploy(h.Context(), elsewhere, "ann")
		h.refused(err, "a release named r2 exists already")
		h.untilPhase(c, "r2", release.Done)
		if resumed, err := c.Deploy(h.Context(), p, "ann"); err != nil || !resumed {
			h.Errorf("repeated after its end: resumed %t, %v", resumed, err)
		}
		plans := 0
		for _, e := range h.entries("r2") {
			if _, ok := e.Event.(release.RecordedPlan); ok {
				plans++
			}
		}
		if plans != 1 {
			h.Errorf("%d plans are on record, want 1", plans)
		}
	})
}

func TestAReleaseThatWasTakenBackIsNotResumedUnderItsName(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		p := h.plan(c, "r2", "v2")
		h.deploy(c, p)
		h.untilPhase(c, "r2", release.Shifting)
		h.request(c, "r2", release.VerbAbort)
		h.untilPhase(c, "r2", release.RolledBack)
		_, err := c.Deploy(h.Context(), p, "ann")
		h.refused(err, "exists already (rolled-back)")
	})
}

func TestARequestIsPermittedOrRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.refused(c.Request(h.Context(), "r9", release.VerbAbort, "ann", ""), "no release named r9")
		h.stand(c)
		h.refused(c.Request(h.Context(), "r1", release.VerbRollback, "ann", ""), "the old version was retired")
		h.deploy(c, h.plan(c, "r2", "v2"))
		h.untilPhase(c, "r2", release.Shifting)
		h.refused(c.Request(h.Context(), "r2", release.VerbRetire, "ann", ""), "not in standby", "shifting")
		h.refused(c.Request(h.Context(), "r2", "explode", "ann", ""), "unknown verb")
		h.request(c, "r2", release.VerbPause)
		h.refused(c.Request(h.Context(), "r2", release.VerbPause, "ann", ""), "paused in shifting (25%)")
		<-time.After(time.Minute)
		if got := c.phase("r2"); got != release.Shifting {
			h.Errorf("while paused it went on to %s", got)
		}
		h.request(c, "r2", release.VerbResume)
		h.untilPhase(c, "r2", release.Standby)
		h.request(c, "r2", release.VerbRetire)
		h.untilPhase(c, "r2", release.Done)
		asked := 0
		for _, e := range h.entries("r2") {
			if r, ok := e.Event.(release.Requested); ok {
				asked++
				if e.Actor != "ann" || r.Reason != "because" {
					h.Errorf("%s is recorded as %s's because %q", r.Verb, e.Actor, r.Reason)
				}
			}
		}
		if asked != 3 {
			h.Errorf("%d requests are on record, want the 3 that were permitted", asked)
		}
	})
}

func TestWhoeverWaitsForChangesHearsOfTheNextRecord(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		changed := c.Changed()
		select {
		case <-changed:
			h.Fatal("it heard of a record that is not there")
		default:
		}
		h.deploy(c, h.plan(c, "r1", "v1"))
		<-changed
	})
}

func TestTheViewOfAReleaseThatDecidesNothingAnyMoreWaitsForNothing(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		h.deploy(c, h.plan(c, "r2", "v2"))
		h.untilPhase(c, "r2", release.Done)
		v, ok := c.View("r1")
		if !ok || len(v.Explanation.Waits) > 0 || !v.World.Now.IsZero() {
			h.Errorf("r1 shows %v and a world of %s, want neither", v.Explanation.Waits, v.World.Now)
		}
		if v, _ := c.View("r2"); v.World.Now.IsZero() || len(v.World.Sides.Green.List) != 2 {
			h.Errorf("r2 shows the world %+v", v.World)
		}
		if _, ok := c.View("r9"); ok {
			h.Errorf("a release that does not exist has a view")
		}
		if list := c.Releases(); len(list) != 2 || list[0].Release != "r1" || list[1].Release != "r2" {
			h.Errorf("the releases are %v", list)
		}
	})
}

func TestSeveralAppsGoTheirWaysAtOnce(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		for _, app := range []string{"wiki", "forum"} {
			p := canary(app+"-1", release.Target{}, "v1")
			p.App = app
			h.deploy(c, p)
		}
		h.until("both work", func() bool {
			return c.phase("wiki-1") != release.Planned && c.phase("forum-1") != release.Planned
		})
		var names []string
		for _, s := range c.Standings() {
			names = append(names, s.App+" "+s.Active)
		}
		if fmt.Sprint(names) != "[forum forum-1 wiki wiki-1]" {
			h.Errorf("what stands is %v", names)
		}
	})
}

func TestRecallSaysWhatStandsWithoutAController(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.stand(c)
		s, err := Recall(h.Context(), h.store, "shop")
		if err != nil || s.Serves().Version != "v1" || s.Active != "" {
			h.Errorf("it recalls %+v, %v", s, err)
		}
		if s, err := Recall(h.Context(), h.store, "forum"); err != nil || s.App != "forum" || s.Serves().Version != "" {
			h.Errorf("of an unknown app it recalls %+v, %v", s, err)
		}
	})
}
