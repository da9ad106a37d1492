package load

import "time"

// The limits of one load. They are far beyond what one machine should be used
// for, and keep a slip of the finger from becoming an attack.
const (
	mostRate       = 20_000
	mostUsers      = 10_000
	mostInFlight   = 20_000
	mostIterations = 100_000_000
	mostStages     = 1_000
	longest        = 24 * time.Hour
	longestTimeout = 10 * time.Minute
	// mostRequests is how many requests the scenarios of a plan may have
	// together: each is a row with histograms of its own.
	mostRequests = 200
	mostTargets  = 256
)

// What a plan that does not say gets.
const (
	standardInFlight = 1_000
	standardTimeout  = 10 * time.Second
)
