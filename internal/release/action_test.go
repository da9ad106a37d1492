package release

import "testing"

func TestAStopCoversOneOfFewerInstancesAndNothingElseCoversAnythingButItself(t *testing.T) {
	t.Parallel()
	stop := func(side Side, ids ...string) Action { return Action{Kind: ActStop, Side: side, Instances: ids} }
	for _, c := range []struct {
		a, b Action
		want bool
	}{
		{stop(Blue, "blue-1", "blue-2"), stop(Blue, "blue-1", "blue-2"), true},
		{stop(Blue, "blue-1", "blue-2"), stop(Blue, "blue-2"), true},
		{stop(Blue, "blue-2"), stop(Blue, "blue-1", "blue-2"), false},
		{stop(Blue, "blue-1", "blue-2"), stop(Blue, "blue-2", "blue-3"), false},
		{stop(Blue, "blue-1"), stop(Green, "blue-1"), false},
		{Action{Kind: ActStart, Side: Blue, Count: 3}, Action{Kind: ActStart, Side: Blue, Count: 3}, true},
		{Action{Kind: ActStart, Side: Blue, Count: 3}, Action{Kind: ActStart, Side: Blue, Count: 2}, false},
		{stop(Blue, "blue-1"), Action{Kind: ActCheck, Side: Blue}, false},
	} {
		if got := c.a.Covers(c.b); got != c.want {
			t.Errorf("%s covers %s: %t, want %t", c.a, c.b, got, c.want)
		}
	}
}
