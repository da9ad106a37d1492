package engine

import (
	"fmt"
	"time"

	"cutover/internal/release"
)

const (
	// A side has collapsed if at least half of its requests and half of its
	// clients fail, and collapsedLeast requests did so lately, while the other
	// side fails less than half as often, by its requests and by its clients.
	collapsedShare = 0.5
	collapsedLeast = 10
	// One client that fails says nothing of the side as long as there is another
	// that does not. Where it is the only one it speaks for the side, but not
	// before others had this long to come.
	collapsedAlone = 10 * time.Second
	// clientsOf is how long ago the clients that are counted came.
	clientsOf = 10 * time.Second
)

// collapsed is a guard beside the evidence, which counts each client once in a
// while and so cannot condemn a version that fails the few clients it has. It
// says what is wrong, or "".
func (j *judge) collapsed(s release.State) string {
	errors := j.test.Test.Signals[0]
	users, r := *j.users.Of(s.Plan.To.Side), errors.Recent
	if r.NewBad < collapsedLeast || r.NewBad < collapsedShare*r.NewRequests || users.BadNow == 0 ||
		float64(users.BadNow) < collapsedShare*float64(users.Clients) {
		return ""
	}
	if users.BadNow == 1 && (users.Clients > 1 || j.test.Test.At.Sub(errors.First) < collapsedAlone) {
		return ""
	}
	// What has just begun to fail on both sides shows in the old one's clients
	// first: its requests of the last minute are mostly from before. So are even
	// its clients where the new one has not had any for so long.
	old := *j.users.Of(s.Plan.From.Side)
	met := min(1, max(0, j.test.Test.At.Sub(errors.First).Seconds()/clientsOf.Seconds()))
	if old.BadNow > 0 && float64(old.BadNow) >= met*collapsedShare/2*float64(old.Clients) {
		return ""
	}
	bad, all := r.OldBad, r.OldRequests
	if all < 1 {
		bad, all = errors.Old.Bad, errors.Old.Requests
	}
	if bad >= collapsedShare/2*all && all > 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d clients of %s fail in the last seconds, and %.0f %% of its requests in the last minute; %s fails %.1f %%",
		users.BadNow, max(users.Clients, users.BadNow), s.Plan.To.Side, 100*r.NewBad/r.NewRequests, s.Plan.From.Side, 100*bad/max(all, 1))
}
