package release

import (
	"slices"
	"testing"
	"time"
)

func TestTheExplanationNamesInstancesThatTheFrontSparesAndRequestsThatWait(t *testing.T) {
	t.Parallel()
	s, w := leaving(t, DrainPause, time.Second)
	if x := Explain(s, w); len(x.Front) != 0 {
		t.Errorf("nothing is wrong, but it says %q", x.Front)
	}
	w.Traffic.Sides.Green.Excluded = []Excluded{
		{ID: "g1", Until: w.Now.Add(4 * time.Second), Failures: 5, Reason: "answered 502"},
		{ID: "g2", Until: w.Now, Failures: 1, Reason: "took no connection"},
	}
	w.Traffic.Held.Now = 3
	want := []string{
		"green instance g1 gets no requests for another 4s: it answered 502, 5 failures in a row",
		"green instance g2 is tested by the next request: it took no connection, 1 failure in a row",
		"3 requests wait for an instance that can take them",
	}
	if got := Explain(s, w).Front; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
