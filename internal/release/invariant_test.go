package release

import (
	"strings"
	"testing"
)

func broke(vs []Violation) string {
	var list []string
	for _, v := range vs {
		list = append(list, v.Error())
	}
	return strings.Join(list, "; ")
}

func TestTheLedgerAccountsForEveryAcceptedRequest(t *testing.T) {
	t.Parallel()
	c := Counters{Accepted: 100, Answered: 90, ClientGone: 4, Lost: 1}
	if vs := CheckLedger(c, 5); len(vs) > 0 {
		t.Errorf("a ledger that adds up breaks %s", broke(vs))
	}
	for _, inFlight := range []int{4, 6, 0} {
		if got := broke(CheckLedger(c, inFlight)); !strings.HasPrefix(got, "I7: accepted 100 is not") {
			t.Errorf("with %d in flight it breaks %q", inFlight, got)
		}
	}
}

func TestAHistoryWithAGapInItsIntentsIsFound(t *testing.T) {
	t.Parallel()
	intend, finish := Intended{Key: "r2/2"}, Finished{Key: "r2/2"}
	for _, c := range []struct {
		name   string
		seqs   []int64
		events []Event
		want   string
	}{
		{"a sound one", []int64{1, 4}, []Event{intend, finish}, ""},
		{"one still under way", []int64{1}, []Event{intend}, ""},
		{"no intent", []int64{1}, []Event{finish}, "I5: result r2/2 without an intent"},
		{"two results", []int64{1, 2, 3}, []Event{intend, finish, finish}, "I5: result r2/2 without an intent"},
		{"two intents", []int64{1, 2}, []Event{intend, intend}, "I5: intent r2/2 is recorded twice"},
		{"a key used again", []int64{1, 2, 3}, []Event{intend, finish, intend}, "I5: intent r2/2 is recorded twice"},
		{"out of order", []int64{2, 1}, []Event{intend, finish}, "I4: record 1 after record 2"},
	} {
		var entries []Entry
		for i, ev := range c.events {
			entries = append(entries, Entry{Seq: c.seqs[i], Event: ev})
		}
		if got := broke(CheckHistory(entries)); got != c.want {
			t.Errorf("%s breaks %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAnUnsafeActionIsFoundBeforeItIsDone(t *testing.T) {
	t.Parallel()
	ready := func(id string, side Side) Instance { return Instance{ID: id, Side: side, Alive: true, Ready: true} }
	w := World{Schema: SchemaWorld{Known: true}, Traffic: Traffic{Known: true}}
	w.Sides.Blue = Instances{Known: true, List: []Instance{ready("b1", Blue), ready("b2", Blue)}}
	w.Sides.Green = Instances{Known: true, List: []Instance{ready("g1", Green), {ID: "g2", Side: Green, Alive: true}}}
	w.Traffic.Sides.Blue = SideTraffic{Weight: All, Endpoints: []Endpoint{{ID: "b1"}}}
	route := func(green ...Endpoint) []Action {
		r := Route{Sides: Sides[SideRoute]{Green: SideRoute{Weight: Percent(5), Endpoints: green}, Blue: SideRoute{Weight: Percent(95), Endpoints: []Endpoint{{ID: "b1"}}}}}
		return []Action{{Kind: ActRoute, Route: &r}}
	}
	stop := func(side Side, ids ...string) []Action { return []Action{{Kind: ActStop, Side: side, Instances: ids}} }
	schema := shopPlan(Canary, 2)
	schema.Schema = Schema{Expand: true, Contract: true}
	for _, c := range []struct {
		name    string
		plan    Plan
		ph      Phase
		actions []Action
		want    string
	}{
		{"a sound route", shopPlan(Canary, 2), Shifting, route(Endpoint{ID: "g1"}), ""},
		{"a share for nobody", shopPlan(Canary, 2), Shifting, route(), "I1: 5% of traffic to green, which has no endpoint"},
		{"an instance that is not ready", shopPlan(Canary, 2), Shifting, route(Endpoint{ID: "g2"}), "I1: endpoint g2 of green is not ready"},
		{"an instance of the other side", shopPlan(Canary, 2), Shifting, route(Endpoint{ID: "b2"}), "I1: endpoint b2 of green is not ready"},
		{"a schema that is not there", schema, Shifting, route(Endpoint{ID: "g1"}), "I1: traffic to a version whose schema is not there"},
		{"the old side in soaking", shopPlan(Canary, 2), Soaking, stop(Blue, "b2"), "I2: the old side is stopped before the point of no return"},
		{"the old side after it", shopPlan(Canary, 2), Retiring, stop(Blue, "b2"), ""},
		{"one that is routed", shopPlan(Canary, 2), Retiring, stop(Blue, "b1"), "I9: instance b1 is stopped while the front still has it"},
		{"a batch too many", shopPlan(RollingUpdate, 4), Shifting, stop(Blue, "b2", "g1"), "I2: a batch would leave 1 ready instances"},
		{"an early contract", schema, Standby, []Action{{Kind: ActContract}}, "I2: contract before the point of no return; I2: contract while the old version may still run"},
	} {
		if got := broke(CheckActions(stateIn(c.plan, c.ph), w, c.actions)); got != c.want {
			t.Errorf("%s breaks %q, want %q", c.name, got, c.want)
		}
	}
	w.Traffic.Known = false
	if got := broke(CheckActions(stateIn(shopPlan(Canary, 2), Retiring), w, stop(Blue, "b2"))); got != "I9: instances are stopped while the front is not observed" {
		t.Errorf("unobserved it breaks %q", got)
	}
}
