package soaktest

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// settings say how a soak runs. They come from the environment, which `make
// soak` sets; without it the soak is the short one of `make test`.
type settings struct {
	// length is how long faults strike (SOAK).
	length time.Duration
	// seed is what the plan and the story follow from (SEED); a long soak
	// without one draws it.
	seed uint64
	// releases ends the soak after so many, 0 means never (RELEASES).
	releases int
	// report is the Markdown file that is written, if any (SOAK_REPORT).
	report string
	// rest is the mean pause between two faults of a lane, rate how many
	// requests users send each second.
	rest time.Duration
	rate float64
	// bound is how long one release may take, with all that goes wrong in it,
	// and recovery how long it may take to recover from one fault. They matter
	// only when something is broken.
	bound, recovery time.Duration
}

// shortSeed is the one that `make test` plays.
const shortSeed = 20261121

func readSettings(t *testing.T) settings {
	t.Helper()
	s := settings{length: 12 * time.Second, seed: shortSeed, releases: 2, rest: 4 * time.Second, rate: 80,
		bound: 8 * time.Minute, recovery: 4 * time.Minute, report: os.Getenv("SOAK_REPORT")}
	if text := os.Getenv("SOAK"); text != "" {
		s.length, s.releases, s.rest, s.rate = read(t, "SOAK", time.ParseDuration), 0, 8*time.Second, 250
		s.seed = uint64(rand.Uint32())
	}
	if os.Getenv("SEED") != "" {
		s.seed = read(t, "SEED", func(text string) (uint64, error) { return strconv.ParseUint(text, 10, 64) })
	}
	if os.Getenv("RELEASES") != "" {
		s.releases = read(t, "RELEASES", strconv.Atoi)
	}
	return s
}

func read[T any](t *testing.T, name string, parse func(string) (T, error)) T {
	t.Helper()
	v, err := parse(os.Getenv(name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}
