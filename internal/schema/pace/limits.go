package pace

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Load is what a database shows of how it fares. Zero means nothing to
// complain of in a reading, and no limit in a limit.
type Load struct {
	// Latency is how many times as long as before the fill a small
	// transaction takes.
	Latency float64
	// Lag is by how much the slowest replica is late, Behind how many bytes
	// of log it has yet to apply.
	Lag    time.Duration
	Behind int64
}

// Limits say what a backfill may cost. The zero value sets none.
type Limits struct {
	// Batch is how long one statement should take, and so how long it may keep
	// a user waiting who wants the same row; 0 is 50 ms.
	Batch time.Duration
	// Share is the part of the time, in (0, 1], that the fill may work at most;
	// 0 is 1.
	Share float64
	// WAL is how many bytes of log per second the server as a whole may write
	// before the fill holds back; 0 is no limit.
	WAL int64
	// Beyond Slow the fill works less and less, beyond Stop not at all.
	Slow, Stop Load
}

// presets are the words for a pace, from the fastest to the slowest.
var presets = []struct {
	name   string
	limits Limits
}{
	{"full", Limits{Batch: 50 * time.Millisecond, Share: 1}},
	{"shared", Limits{Batch: 10 * time.Millisecond, Share: 0.5,
		Slow: Load{Latency: 1.5, Lag: 2 * time.Second, Behind: 64 << 20},
		Stop: Load{Latency: 10, Lag: 30 * time.Second, Behind: 1 << 30}}},
	{"gentle", Limits{Batch: 5 * time.Millisecond, Share: 0.15, WAL: 8 << 20,
		Slow: Load{Latency: 1.25, Lag: time.Second, Behind: 16 << 20},
		Stop: Load{Latency: 5, Lag: 10 * time.Second, Behind: 256 << 20}}},
}

// Named returns the limits a word stands for: "full" has none but short
// statements, "shared" takes up to half of the time as long as users do not
// feel it, "gentle" is for a database that has little to spare. "" is "shared".
func Named(word string) (Limits, error) {
	if word == "" {
		word = "shared"
	}
	var names []string
	for _, p := range presets {
		if p.name == word {
			return p.limits, nil
		}
		names = append(names, p.name)
	}
	return Limits{}, fmt.Errorf("there is no pace %q; choose one of %s", word, strings.Join(names, ", "))
}

// Validate says everything that is wrong with the limits.
func (l Limits) Validate() error {
	var errs []error
	if l.Share < 0 || l.Share > 1 {
		errs = append(errs, fmt.Errorf("share is %g; it is a part of the time, between 0 and 1", l.Share))
	}
	if l.Batch < 0 || l.WAL < 0 {
		errs = append(errs, errors.New("batch and wal must not be negative"))
	}
	for _, load := range []Load{l.Slow, l.Stop} {
		if load.Latency < 0 || load.Latency > 0 && load.Latency <= 1 {
			errs = append(errs, fmt.Errorf("latency is %g; it is a ratio to the idle figure, above 1", load.Latency))
		}
		if load.Lag < 0 || load.Behind < 0 {
			errs = append(errs, errors.New("lag and behind must not be negative"))
		}
	}
	if over := l.Slow.over(l.Stop); over != "" {
		errs = append(errs, fmt.Errorf("slow lies beyond stop: %s", over))
	}
	return errors.Join(errs...)
}

// Watches reports whether the limits need the database to be watched.
func (l Limits) Watches() bool { return l.Slow != Load{} || l.Stop != Load{} }

func (l Limits) batch() time.Duration {
	if l.Batch <= 0 {
		return 50 * time.Millisecond
	}
	return l.Batch
}

func (l Limits) share() float64 {
	if l.Share <= 0 || l.Share > 1 {
		return 1
	}
	return l.Share
}

// calm is the load below which a stop ends: Slow, where that has a limit.
func (l Limits) calm() Load {
	calm := l.Slow
	if calm.Latency == 0 {
		calm.Latency = l.Stop.Latency
	}
	if calm.Lag == 0 {
		calm.Lag = l.Stop.Lag
	}
	if calm.Behind == 0 {
		calm.Behind = l.Stop.Behind
	}
	return calm
}

// over says in which ways a load lies above a limit; "" if in none.
func (l Load) over(limit Load) string {
	var ways []string
	if limit.Latency > 0 && l.Latency > limit.Latency {
		ways = append(ways, fmt.Sprintf("a small transaction takes %.1f times as long as before, the limit is %g", l.Latency, limit.Latency))
	}
	if limit.Lag > 0 && l.Lag > limit.Lag {
		ways = append(ways, fmt.Sprintf("a replica is %s late, the limit is %s", l.Lag.Round(100*time.Millisecond), limit.Lag))
	}
	if limit.Behind > 0 && l.Behind > limit.Behind {
		ways = append(ways, fmt.Sprintf("a replica is %d MB behind, the limit is %d MB", l.Behind>>20, limit.Behind>>20))
	}
	return strings.Join(ways, "; ")
}
