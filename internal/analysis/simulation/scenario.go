package simulation

import (
	"math"
	"time"
)

// Scenario is a world in which a release takes place. Its functions take the
// seconds since the beginning.
type Scenario struct {
	Name   string
	Length time.Duration
	// PerSecond is how many requests come, Weight the new version's share.
	PerSecond, Weight func(t float64) float64
	// Old and New are the versions' true rates of bad requests.
	Old, New func(t float64) float64
	// Bursts make both versions fail a third of their requests for three
	// seconds about once a minute. Storms make one client on one version fail
	// about eight times within four seconds, about once a minute.
	Bursts, Storms bool
}

// Always is a function of time that does not change.
func Always(x float64) func(float64) float64 { return func(float64) float64 { return x } }

const horizon = 30 * time.Minute

// Steady is a scenario in which nothing changes: 100 requests a second, the
// old version's errors at 0.1 %.
func Steady(name string, weight, rate float64) Scenario {
	return Scenario{Name: name, Length: horizon, PerSecond: Always(100), Weight: Always(weight), Old: Always(0.001), New: Always(rate)}
}

// Late is a regression to the rate that begins at the second from.
func Late(name string, weight, rate, from float64) Scenario {
	s := Steady(name, weight, 0.001)
	s.New = after(from, 0.001, rate)
	return s
}

func after(from, before, then float64) func(float64) float64 {
	return func(t float64) float64 {
		if t < from {
			return before
		}
		return then
	}
}

// Nulls are worlds in which the new version is no worse, so that every alarm
// is false.
func Nulls() []Scenario {
	steady := Steady("0.1 % errors", 0.05, 0.001)
	outage := Steady("outage that both share", 0.05, 0)
	outage.Old = func(t float64) float64 {
		if t >= 600 && t < 780 {
			return 0.05
		}
		return 0.001
	}
	outage.New = outage.Old
	bursts := Steady("bursts that both share", 0.05, 0.001)
	bursts.Bursts = true
	storms := Steady("retry storms of one client", 0.05, 0.001)
	storms.Storms = true
	daily := Steady("the day in half an hour", 0.05, 0)
	daily.PerSecond = func(t float64) float64 { return 100 * (1 + 0.5*math.Sin(2*math.Pi*t/1800)) }
	daily.Old = func(t float64) float64 { return 0.001 * (1 + 0.9*math.Sin(2*math.Pi*t/1800)) }
	daily.New = daily.Old
	step := Steady("5 to 25 % while errors rise", 0.05, 0)
	step.Weight = after(900, 0.05, 0.25)
	step.Old = func(t float64) float64 { return 0.0005 + 0.0025*t/1800 }
	step.New = step.Old
	return []Scenario{steady, outage, bursts, storms, daily, step}
}
