package load

import (
	"math"
	"time"
)

// ramp is how the level goes over time, stage after stage. It is pure: times
// are counted from the beginning of the load.
type ramp []Stage

// lasts is how long all stages take.
func (r ramp) lasts() time.Duration {
	var sum time.Duration
	for _, s := range r {
		sum += s.Lasts
	}
	return sum
}

// most is the highest level there is.
func (r ramp) most() float64 {
	most := 0.0
	for _, s := range r {
		most = max(most, s.From, s.To)
	}
	return most
}

// level is the level at a time, 0 before and after the stages.
func (r ramp) level(at time.Duration) float64 {
	if at < 0 {
		return 0
	}
	for _, s := range r {
		if at < s.Lasts {
			return s.From + (s.To-s.From)*at.Seconds()/s.Lasts.Seconds()
		}
		at -= s.Lasts
	}
	return 0
}

// arrivals is how many arrivals the stages have together if the level is
// arrivals a second.
func (r ramp) arrivals() float64 {
	sum := 0.0
	for _, s := range r {
		sum += (s.From + s.To) / 2 * s.Lasts.Seconds()
	}
	return sum
}

// rounding is what sums of arrivals may be off by: an arrival that is due when
// a stage ends belongs to the next.
const rounding = 1e-9

// arrival is when arrival n, counted from 0, is due: when n arrivals are past.
// It returns false if the stages end before.
func (r ramp) arrival(n int) (time.Duration, bool) {
	var before time.Duration
	left := float64(n)
	for _, s := range r {
		all := (s.From + s.To) / 2 * s.Lasts.Seconds()
		if left < all-rounding {
			return before + seconds(s.after(left)), true
		}
		left = max(left-all, 0)
		before += s.Lasts
	}
	return 0, false
}

// after is the seconds into a stage after which n arrivals are past: the root
// of From*t + (To-From)/(2*Lasts)*t^2 = n, written so that it holds for a level
// that stays the same too. A level that begins at 0 has its first arrival at
// once.
func (s Stage) after(n float64) float64 {
	if n == 0 {
		return 0
	}
	slope := (s.To - s.From) / s.Lasts.Seconds()
	root := math.Sqrt(max(s.From*s.From+2*slope*n, 0))
	return min(2*n/(s.From+root), s.Lasts.Seconds())
}

// active is the next time, not before at, at which the level exceeds k: when
// user k, counted from 0, is there. It returns false if there is none.
func (r ramp) active(k int, at time.Duration) (time.Duration, bool) {
	var begin time.Duration
	for _, s := range r {
		end := begin + s.Lasts
		if t, ok := s.above(float64(k), max(at-begin, 0)); ok && at < end {
			return begin + t, true
		}
		begin = end
	}
	return 0, false
}

// above is the first time in the stage, not before at, at which the level is
// over k.
func (s Stage) above(k float64, at time.Duration) (time.Duration, bool) {
	here := s.From + (s.To-s.From)*at.Seconds()/s.Lasts.Seconds()
	switch {
	case here > k:
		return at, true
	case s.To <= k || s.To <= s.From:
		return 0, false
	}
	// A nanosecond later it is over, not only at, the level.
	t := seconds((k-s.From)/(s.To-s.From)*s.Lasts.Seconds()) + time.Nanosecond
	return t, t < s.Lasts
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
