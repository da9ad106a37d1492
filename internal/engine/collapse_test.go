package engine

import (
	"testing"
	"time"

	"cutover/internal/release"
)

// retry lets clients who fail try again and again, for some seconds: each is
// counted once, so that only the guard beside the evidence sees it. It returns
// the verdicts of every second.
func (tr *trial) retry(seconds int, blue, green tries) []release.Verdict {
	var all []release.Verdict
	for range seconds {
		tr.at = tr.at.Add(time.Second)
		blue.add(&tr.users.Blue)
		green.add(&tr.users.Green)
		all = append(all, tr.look(true))
	}
	return all
}

// tries is what the clients of a side do in a second.
type tries struct{ requests, bad, clients, badNow uint64 }

func (s tries) add(u *release.Experience) {
	use(u, s.requests-s.bad, 0, 20*time.Millisecond)
	u.Requests, u.Bad = u.Requests+s.bad, u.Bad+s.bad
	u.Clients, u.BadNow = s.clients, s.badNow
}

func condemned(all []release.Verdict) string {
	for _, v := range all {
		if v.Kind == release.Failing {
			return v.Reason
		}
	}
	return ""
}

// collapsing is green failing the few clients it has.
var collapsing = tries{requests: 4, bad: 3, clients: 3, badNow: 2}

func TestAnOutageThatHasJustBegunOnBothSidesIsNoCollapseOfOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		blue tries
		want bool
	}{
		"the old side is well":                         {tries{10, 0, 10, 0}, true},
		"one old client in ten fails":                  {tries{10, 1, 10, 1}, true},
		"a quarter of the old clients has begun to":    {tries{10, 2, 8, 2}, false},
		"half of the old clients fail, few tries each": {tries{10, 2, 10, 5}, false},
		"the old side has nobody":                      {tries{0, 0, 0, 0}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t)
			tr.pass(2, of{100, 0}, of{3, 0})
			// A good minute is behind the old side: by its requests alone the
			// outage does not show yet.
			why := condemned(tr.retry(8, c.blue, collapsing))
			if (why != "") != c.want {
				t.Errorf("condemned: %q, want it to be %v", why, c.want)
			}
		})
	}
}

func TestAnOutageOfBothSidesThatLastsIsNoCollapseEither(t *testing.T) {
	t.Parallel()
	tr := newTrial(t)
	tr.pass(2, of{100, 0}, of{3, 0})
	blue := tries{requests: 100, bad: 60, clients: 50, badNow: 30}
	if why := condemned(tr.retry(120, blue, collapsing)); why != "" {
		t.Errorf("condemned: %s", why)
	}
	// The old side is well again and the new one is not.
	if why := condemned(tr.retry(120, tries{100, 0, 50, 0}, collapsing)); why == "" {
		t.Error("a version that goes on failing after an outage of both was not condemned")
	}
}

func TestOneClientThatFailsSpeaksForASideOnlyWhereItHasNoOtherForAWhile(t *testing.T) {
	t.Parallel()
	well := tries{requests: 20, clients: 10}
	for name, c := range map[string]struct {
		green   tries
		seconds int
		want    bool
	}{
		"one of two":                    {tries{40, 39, 2, 1}, 60, false},
		"the only one, at once":         {tries{40, 40, 1, 1}, 6, false},
		"the only one, for a while":     {tries{40, 40, 1, 1}, 15, true},
		"two of two, at once":           {tries{40, 40, 2, 2}, 6, true},
		"the only one, who is well too": {tries{40, 10, 1, 1}, 60, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t)
			tr.pass(2, of{100, 0}, of{1, 0})
			u := &tr.users.Green // the first failure is counted, those after it are retries
			u.Requests, u.Bad, u.BadClients = u.Requests+1, u.Bad+1, u.BadClients+1
			why := condemned(tr.retry(c.seconds, well, c.green))
			if (why != "") != c.want {
				t.Errorf("condemned: %q, want it to be %v", why, c.want)
			}
		})
	}
}
