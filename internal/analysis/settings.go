package analysis

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Settings say what is compared and how sure a verdict must be. Defaults has
// good ones.
type Settings struct {
	// Old and New are what the versions are called in words.
	Old string `json:"old"`
	New string `json:"new"`
	// Rollback is the chance, over the whole release and however often one
	// looks, that a version that is no worse is called Failing. Hold is the
	// same for Suspicious, Pause for BothFailing.
	Rollback float64 `json:"rollback"`
	Hold     float64 `json:"hold"`
	Pause    float64 `json:"pause"`
	// Promote is the chance, for each step, that a version that is worse by
	// the margin is called Healthy.
	Promote float64 `json:"promote"`
	// Budget is how many more requests a second may go bad in the next step
	// before that is noticed. The margin follows from it, the traffic and the
	// next step's weight, but is MostMargin (a share) at most.
	Budget     float64 `json:"budget"`
	MostMargin float64 `json:"mostMargin"`
	// Gap is the longest time between two readings of a signal that can be
	// compared. Settle is for how long after the new version's weight has
	// been lowered requests from before may still end.
	Gap    time.Duration `json:"gap"`
	Settle time.Duration `json:"settle"`
	// Signals are compared each by itself; their weights decide how the
	// initial stake is split among them.
	Signals []Signal `json:"signals"`
}

// Kind is what a signal compares.
type Kind string

// The kinds: bad requests among all, or how long requests took.
const (
	Counted Kind = "counted"
	Latency Kind = "latency"
)

// Unit is what counts as one independent bad event.
type Unit string

// The units. ByClient needs Count.BadClients and is right wherever it is
// known. ByBlock needs nothing and decides later. ByRequest is only right
// where one bad request says nothing about the next on the same version.
const (
	ByClient  Unit = "client"
	ByBlock   Unit = "block"
	ByRequest Unit = "request"
)

// Signal is one thing in which versions may differ.
type Signal struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Bad and All are what the counts are called: "errors" in "requests".
	Bad string `json:"bad,omitempty"`
	All string `json:"all,omitempty"`
	// Weight is relative to that of the other signals.
	Weight float64 `json:"weight"`
	Unit   Unit    `json:"unit,omitempty"`
	// Ratio is how many times the old version's rate the new one's may be
	// without being worse: 1 or more. For latencies it is the factor between
	// the latencies themselves.
	Ratio float64 `json:"ratio"`
	// Bucket is the shortest time that is judged by itself, Block the same
	// for a signal ByBlock.
	Bucket time.Duration `json:"bucket"`
	Block  time.Duration `json:"block,omitempty"`
	// Skip leaves out the time after the new version's first request, in
	// which it is still cold.
	Skip time.Duration `json:"skip,omitempty"`
	// Limit is the share of bad requests beyond which a version is bad
	// whatever the other one does; 0 for none.
	Limit float64 `json:"limit,omitempty"`
	// Promotes says that going on needs evidence of this signal.
	Promotes bool `json:"promotes,omitempty"`
	// Margin, a share, is used instead of the budget's unless it is 0.
	Margin float64 `json:"margin,omitempty"`
}

// Defaults compares errors by client and latencies.
func Defaults() Settings {
	return Settings{
		Old: "blue", New: "green",
		Rollback: 0.001, Hold: 0.05, Pause: 0.001, Promote: 0.05,
		Budget: 1, MostMargin: 0.05, Gap: time.Minute, Settle: 30 * time.Second,
		Signals: []Signal{Errors(), Latencies()},
	}
}

// Errors is the signal of requests that failed.
func Errors() Signal {
	return Signal{
		Name: "errors", Kind: Counted, Bad: "errors", All: "requests", Weight: 0.6, Unit: ByClient, Ratio: 1,
		Bucket: 200 * time.Millisecond, Block: 5 * time.Second, Limit: 0.02, Promotes: true,
	}
}

// Latencies is the signal of how long requests took.
func Latencies() Signal {
	return Signal{
		Name: "latency", Kind: Latency, All: "requests", Weight: 0.3, Ratio: 1.05,
		Bucket: time.Second, Skip: 30 * time.Second,
	}
}

// Hits is the signal of a cache's misses among its look-ups. Keys make misses
// cluster, so it is judged in blocks.
func Hits(name string) Signal {
	return Signal{
		Name: name, Kind: Counted, Bad: "misses", All: "look-ups", Weight: 0.1, Unit: ByBlock, Ratio: 1.05,
		Bucket: 200 * time.Millisecond, Block: 10 * time.Second, Skip: 30 * time.Second,
	}
}

// Check returns what is wrong with the settings, nil for nothing.
func (c Settings) Check() error {
	var wrong []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	for _, a := range []struct {
		name  string
		value float64
	}{{"rollback", c.Rollback}, {"hold", c.Hold}, {"pause", c.Pause}, {"promote", c.Promote}} {
		refuse(!(a.value > 0 && a.value < 1), "%s is %v: give the permitted chance of an error, above 0 and below 1", a.name, a.value)
	}
	refuse(c.Hold < c.Rollback, "hold is %v, below rollback %v: stopping must not need more evidence than taking back", c.Hold, c.Rollback)
	refuse(!(c.Budget > 0) || math.IsInf(c.Budget, 0), "budget is %v: give the failed requests per second that a step may cost, above 0", c.Budget)
	refuse(!(c.MostMargin > 0 && c.MostMargin < 1), "mostMargin is %v: give a share above 0 and below 1", c.MostMargin)
	refuse(c.Gap <= 0 || c.Settle < 0, "gap is %v and settle %v: gap must be above 0, settle not below", c.Gap, c.Settle)
	refuse(len(c.Signals) == 0, "there are no signals: nothing can be compared")
	names, promotes := map[string]bool{}, false
	for _, s := range c.Signals {
		refuse(names[s.Name], "two signals are called %q", s.Name)
		names[s.Name], promotes = true, promotes || s.Promotes
		if err := s.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("signal %q: %w", s.Name, err))
		}
	}
	refuse(len(c.Signals) > 0 && !promotes, "no signal promotes: the release could never go on; set promotes on a counted one")
	return errors.Join(wrong...)
}

func (s Signal) check() error {
	counted := s.Kind == Counted
	switch {
	case s.Kind != Counted && s.Kind != Latency:
		return fmt.Errorf("kind is %q: it is %q or %q", s.Kind, Counted, Latency)
	case !(s.Weight > 0) || math.IsInf(s.Weight, 0):
		return fmt.Errorf("weight is %v: it must be above 0", s.Weight)
	case !(s.Ratio >= 1) || math.IsInf(s.Ratio, 0):
		return fmt.Errorf("ratio is %v: it must be 1 or more", s.Ratio)
	case s.Bucket < 0 || s.Skip < 0:
		return fmt.Errorf("bucket is %v and skip %v: they must not be negative", s.Bucket, s.Skip)
	case counted && s.Unit != ByClient && s.Unit != ByBlock && s.Unit != ByRequest:
		return fmt.Errorf("unit is %q: it is %q, %q or %q", s.Unit, ByClient, ByBlock, ByRequest)
	case s.Unit == ByBlock && s.Block <= 0:
		return errors.New("a signal by block needs the length of a block")
	case !(s.Limit >= 0 && s.Limit < 1) || !(s.Margin >= 0 && s.Margin < 1):
		return fmt.Errorf("limit is %v and margin %v: they are shares, 0 or more and below 1", s.Limit, s.Margin)
	case !counted && (s.Promotes || s.Limit != 0 || s.Margin != 0):
		return errors.New("latencies have no limit or margin and do not promote: they only hold back")
	}
	return nil
}
