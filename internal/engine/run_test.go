package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"cutover/internal/release"
)

func TestOnlyARetryIsDelayedAndByAQuarterOfThePauseAtMost(t *testing.T) {
	t.Parallel()
	s := release.State{Plan: canary("r1", release.Target{}, "v1")}
	start := release.Action{Kind: release.ActStart, Side: release.Blue}
	if d := jitter(s, start); d != 0 {
		t.Errorf("a first try waits %s", d)
	}
	s.Tries = []release.Try{{Kind: release.ActStart, Side: release.Green, Failures: 2}, {Kind: release.ActStart, Side: release.Blue, OK: true}}
	if d := jitter(s, start); d != 0 {
		t.Errorf("a try after a success, or after another's failure, waits %s", d)
	}
	s.Tries = []release.Try{{Kind: release.ActStart, Side: release.Blue, Failures: 1}}
	least, most := time.Hour, time.Duration(0)
	for range 2000 {
		d := jitter(s, start)
		least, most = min(least, d), max(most, d)
	}
	if limit := s.Plan.Tries.Pause / 4; least < 0 || most > limit || most-least < limit/2 {
		t.Errorf("retries wait %s to %s, want them spread over 0 to %s", least, most, limit)
	}
	s.Plan.Tries.Pause = 0
	if d := jitter(s, start); d != 0 {
		t.Errorf("without a pause a retry waits %s", d)
	}
}

func TestADeadlineLeavesRoomForWhatThePlanAllows(t *testing.T) {
	t.Parallel()
	p := canary("r1", release.Target{}, "v1")
	p.From.Artefact.Stop.Grace, p.To.Artefact.Stop.Grace = time.Minute, 10*time.Second
	p.Checks = []release.Check{{Retries: 2, Every: 5 * time.Second, Timeout: 10 * time.Second}, {Timeout: 3 * time.Second},
		{Load: &release.LoadCheck{Most: 10 * time.Minute, Timeout: 10 * time.Second}}}
	p.WarmUp = &release.LoadCheck{Most: 5 * time.Minute}
	e := New(Config{Owner: "one"})
	for kind, least := range map[release.ActionKind]time.Duration{
		release.ActStop: time.Minute, release.ActRoute: time.Second, release.ActStart: time.Second,
		release.ActCheck:  2*(3*(5+10)+3)*time.Second + 10*time.Minute,
		release.ActWarmUp: 5 * time.Minute,
	} {
		if got := e.deadline(p, release.Action{Kind: kind}); got <= least || got > least+3*time.Minute {
			t.Errorf("%s may take %s, want a little more than %s", kind, got, least)
		}
	}
}

func TestAnActionThatHasNoAdapterFails(t *testing.T) {
	t.Parallel()
	e := New(Config{Owner: "one"})
	for _, k := range []release.ActionKind{release.ActExpand, release.ActBackfill, release.ActContract, release.ActRevertSchema, release.ActBackup, release.ActRehearse, release.ActPrepare, release.ActExchange, release.ActExchangeBack, "unheard-of"} {
		if err := e.carryOut(t.Context(), release.State{}, release.World{}, release.Action{Kind: k}, &release.Finished{Key: "r1/1"}); err == nil {
			t.Errorf("%s did not fail", k)
		}
	}
}

func TestAnActionThatTakesTooLongHasFailedAndIsNotGivenUp(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		h.world.before = func(ctx context.Context, o order) error {
			if o.kind == release.ActStart {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		c := h.open("one")
		p := h.plan(c, "r1", "v1")
		p.ReadyWithin = time.Minute
		h.deploy(c, p)
		h.until("it is recorded", func() bool {
			for _, e := range h.entries("r1") {
				if f, ok := e.Event.(release.Finished); ok {
					if f.Canceled || f.Error != context.DeadlineExceeded.Error() || f.Took < 30*time.Second {
						h.Errorf("it is recorded as %+v", f)
					}
					return true
				}
			}
			return false
		})
	})
}

func TestACallToAFencedAdapterEndsTheLeadAndIsNotCountedAgainstTheRelease(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		c := h.open("one")
		h.world.change(func() { h.world.fences["platform"] = 9 })
		h.deploy(c, h.plan(c, "r1", "v1"))
		h.until("it is refused", func() bool { return len(c.hand.refusals()) > 0 })
		if !errors.Is(c.hand.refusals()[0], release.ErrFenced) {
			h.Errorf("it was refused with %v", c.hand.refusals()[0])
		}
		h.until("it has stepped down", func() bool { return !c.leads() })
		for _, e := range h.entries("r1") {
			if f, ok := e.Event.(release.Finished); ok && f.Error != "" {
				h.Errorf("it is recorded as failed: %+v", f)
			}
		}
		h.world.change(func() { delete(h.world.fences, "platform") })
		h.untilPhase(c, "r1", release.Done)
	})
}
