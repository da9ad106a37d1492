package sample

import "time"

// Behaviour is what sets one version apart from a good one. The zero value
// is a good version.
type Behaviour struct {
	// NeverReady keeps /health at 503 for ever.
	NeverReady bool
	// WarmFor is how long after the start /health says 503.
	WarmFor time.Duration
	// CrashAfter is how long after the start the instance breaks down, cutting
	// everything in flight. 0 means never.
	CrashAfter time.Duration
	// FailShare is the share, 0..1, of page, item, order and address requests
	// that are answered with 500; Fails says which.
	FailShare float64
}

// What the versions that misbehave do.
const (
	flawedShare = 0.05
	slowStart   = 3 * time.Second
	crashAfter  = 2 * time.Second
)

// BehaviourOf returns how a version behaves. "v3" fails 5 % of the requests
// while its health is good; "never-ready", "slow-start" and "crash" do what
// they say. Every other version is good.
func BehaviourOf(version string) Behaviour {
	switch version {
	case "v3":
		return Behaviour{FailShare: flawedShare}
	case "never-ready":
		return Behaviour{NeverReady: true}
	case "slow-start":
		return Behaviour{WarmFor: slowStart}
	case "crash":
		return Behaviour{CrashAfter: crashAfter}
	}
	return Behaviour{}
}
