package release

import (
	"strings"
	"testing"
	"time"
)

func TestEveryEventIsSaidInOneLine(t *testing.T) {
	t.Parallel()
	counted := Sides[Counters]{Blue: Counters{Accepted: 70, Lost: 1}, Green: Counters{Accepted: 30, Lost: 2}}
	said := map[string]bool{}
	for _, c := range []struct {
		event Event
		want  string
	}{
		{RecordedPlan{Plan: shopPlan(Canary, 2)}, "planned: shop from v1 to v2, canary"},
		{RecordedPlan{Plan: firstOf(shopPlan(BlueGreen, 2))}, "planned: shop from nothing to v2, blue-green"},
		{Entered{Phase: Shifting, Step: 1, Reason: "step to 25%"}, "shifting, step 2: step to 25%"},
		{Entered{Phase: Warming, Reason: "all ready"}, "warming: all ready"},
		{Reached{Phase: Soaking}, "the front shows the traffic of soaking: the hold begins"},
		{Intended{Action: Action{Kind: ActStart, Side: Green, Count: 2}}, "start 2 on green ..."},
		{Intended{Action: Action{Kind: ActStop, Instances: []string{"a", "b"}}}, "stop a, b ..."},
		{Intended{Action: Action{Kind: ActRoute, Route: &Route{Sides: Sides[SideRoute]{Green: SideRoute{Weight: 500}, Blue: SideRoute{Weight: 9500}}}}},
			"route blue 95%, green 5% ..."},
		{Intended{Action: Action{Kind: ActCloseStreams, Side: Blue}}, "close streams on blue ..."},
		{Intended{Action: Action{Kind: ActCheck, Side: Green}}, "check green ..."},
		{Intended{Action: Action{Kind: ActContract}}, "contract ..."},
		{Finished{Kind: ActStart, Side: Green, Took: 1234567 * time.Microsecond}, "start green done in 1.235s"},
		{Finished{Kind: ActRoute, Took: time.Second, Error: "refused"}, "route failed after 1s: refused"},
		{Finished{Kind: ActCheck, Side: Green, Took: time.Second, Canceled: true}, "check green given up after 1s"},
		{Finished{Kind: ActCheck, Side: Green, Canceled: true}, "check green was under way when its controller ended; what is seen of it counts"},
		{Requested{Verb: VerbAbort}, "abort requested"},
		{Requested{Verb: VerbPause, Reason: "lunch"}, "pause requested: lunch"},
		{Halted{Kind: NeedsHuman, Reason: "stop failed 5 times", Cure: "stop it by hand"}, "needs-human: stop failed 5 times; stop it by hand"},
		{Judged{Verdict: Verdict{Kind: Failing, Reason: "5% is more than 1%"}}, "verdict failing: 5% is more than 1%"},
		{Noticed{What: Degraded, Side: Green, Detail: "1 of 2 instances are ready"}, "green degraded: 1 of 2 instances are ready"},
		{Noticed{What: Restarted, Side: Blue, Detail: "exit status 1"}, "blue instance restarted: exit status 1"},
		{Ended{Outcome: Done, Reason: "the old side is gone", Ledger: counted}, "done: the old side is gone; 100 requests accepted, 3 lost"},
		{Allowed{Version: "v2"}, "version v2 is allowed again"},
		{Restored{Kept: 7, Lost: 12, Reason: "the journal was restored"}, "the journal was restored: records 8 to 12 are missing"},
	} {
		got := Sentence(c.event)
		if got != c.want {
			t.Errorf("%T reads %q, want %q", c.event, got, c.want)
		}
		if strings.Contains(got, "\n") {
			t.Errorf("%T takes more than a line", c.event)
		}
		said[c.event.Name()] = true
	}
	for _, name := range []string{"planned", "entered", "reached", "intended", "finished", "requested", "halted", "judged", "noticed", "ended", "allowed"} {
		if !said[name] {
			t.Errorf("%s was not said", name)
		}
	}
}
