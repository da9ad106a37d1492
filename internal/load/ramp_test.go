package load

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// ramps draws a few stages, some of them level, some with nothing to do.
func ramps() *rapid.Generator[ramp] {
	return rapid.Custom(func(t *rapid.T) ramp {
		level := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.1, 500))
		var r ramp
		for range rapid.IntRange(1, 4).Draw(t, "stages") {
			s := Stage{From: level.Draw(t, "from"), To: level.Draw(t, "to"), Lasts: time.Duration(rapid.IntRange(1, 5000).Draw(t, "ms")) * time.Millisecond}
			if rapid.Bool().Draw(t, "level") {
				s.To = s.From
			}
			r = append(r, s)
		}
		return r
	})
}

// integral is how many arrivals are past at a time, summed up in small steps.
func (r ramp) integral(at time.Duration) float64 {
	sum, steps := 0.0, 4000
	step := at / time.Duration(steps)
	for i := range steps {
		sum += r.level(step*time.Duration(i)+step/2) * step.Seconds()
	}
	return sum
}

func TestArrivalsComeWhenTheLevelSaysSo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := ramps().Draw(t, "ramp")
		all := r.arrivals()
		last := time.Duration(-1)
		n := 0
		for ; ; n++ {
			at, ok := r.arrival(n)
			if !ok {
				break
			}
			if at < last || at > r.lasts() {
				t.Fatalf("arrival %d of %v is due at %s, after one at %s", n, r, at, last)
			}
			last = at
		}
		if float64(n) < all-1e-6 || float64(n) > all+1+1e-6 {
			t.Fatalf("%d arrivals of %v in %v", n, all, r)
		}
		if n > 0 {
			k := rapid.IntRange(0, n-1).Draw(t, "arrival")
			at, _ := r.arrival(k)
			if got := r.integral(at); math.Abs(got-float64(k)) > 0.01*float64(k)+2 {
				t.Fatalf("at %s, when arrival %d is due, %v are past", at, k, got)
			}
		}
	})
}

func TestALevelRateIsKeptToTheNanosecond(t *testing.T) {
	t.Parallel()
	r := ramp{{From: 100, To: 100, Lasts: time.Second}, {From: 200, To: 200, Lasts: time.Second}}
	for n, want := range map[int]time.Duration{0: 0, 1: 10 * time.Millisecond, 99: 990 * time.Millisecond, 100: time.Second, 101: time.Second + 5*time.Millisecond} {
		if at, ok := r.arrival(n); !ok || (at-want).Abs() > time.Nanosecond {
			t.Errorf("arrival %d is due at %s, %v; want %s", n, at, ok, want)
		}
	}
	if _, ok := r.arrival(300); ok {
		t.Error("there is one arrival more than 300")
	}
}

func TestAUserIsThereWhileTheLevelIsAboveTheirNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := ramps().Draw(t, "ramp")
		k := rapid.IntRange(0, 40).Draw(t, "user")
		at := time.Duration(rapid.Int64Range(0, int64(r.lasts())).Draw(t, "at"))
		next, ok := r.active(k, at)
		end := r.lasts()
		if ok {
			if next < at || r.level(next) <= float64(k)-1e-3 {
				t.Fatalf("user %d of %v is there at %s, when the level is %v", k, r, next, r.level(next))
			}
			end = next
		}
		// Up to then the level was never above.
		for i := range 200 {
			between := at + (end-at)*time.Duration(i)/200
			if between < end && r.level(between) > float64(k)+1e-3 {
				t.Fatalf("user %d of %v was there at %s already, not at %s", k, r, between, next)
			}
		}
	})
}
