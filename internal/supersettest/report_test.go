//go:build superset

package superset_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

// measured is what a run has shown.
type measured struct {
	began                    time.Time
	Migration, Forward       time.Duration
	Long, LongAfter          time.Duration
	Back, BackWhole, Full    time.Duration
	Refused                  []refusal
	Done                     map[string]int
	All, Beats, Samples      int
	Gap, Slowest             time.Duration
	Failures                 []string
	Accepted, Answered, Gone uint64
	Lost, Errors             uint64
	Deploy                   string
}

// refusal is a broken version that was taken back.
type refusal struct {
	what   string
	took   time.Duration
	reason string
}

// add sums up the ledger of a release.
func (r *measured) add(s release.State) {
	for _, side := range []release.Side{release.Blue, release.Green} {
		c := s.Ledger.Of(side)
		r.Accepted, r.Answered, r.Gone = r.Accepted+c.Accepted, r.Answered+c.Answered, r.Gone+c.ClientGone
		r.Lost, r.Errors = r.Lost+c.Lost, r.Errors+c.Errors
	}
}

func (r *measured) count(u *users, b *beats) {
	r.Done, r.All, r.Failures = u.count()
	u.mu.Lock()
	r.Slowest = u.slowest
	u.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	r.Beats, r.Samples, r.Gap = b.most, b.samples, b.gap
}

// judge holds what users saw against what was promised.
func (r *measured) judge(t *testing.T) {
	t.Helper()
	if len(r.Failures) > 0 {
		t.Errorf("users got %d failures:\n%s", len(r.Failures), strings.Join(r.Failures, "\n"))
	}
	if r.Lost > 0 || r.Errors > 0 {
		t.Errorf("the ledger has %d lost requests and %d answers of 5xx", r.Lost, r.Errors)
	}
	if r.Beats != 1 {
		t.Errorf("%d schedulers ran at once", r.Beats)
	}
	if r.Back > 5*time.Second {
		t.Errorf("users were back on the old version after %s", r.Back)
	}
}

// write puts the report where SUPERSET_REPORT says, if it says so.
func (r *measured) write(t *testing.T) {
	t.Helper()
	text := r.String()
	if path := os.Getenv("SUPERSET_REPORT"); path != "" {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}

func (r *measured) String() string {
	var b strings.Builder
	line := func(what, seen string) { fmt.Fprintf(&b, "| %s | %s |\n", what, seen) }
	s := func(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }
	fmt.Fprintf(&b, "# Superset %s to %s and back: the last run\n\nWritten by `make test-superset`; not edited. %s, %d cores (shared with other work), whole run %s.\n\n| what | seen |\n|---|---|\n",
		older, newer, r.began.UTC().Format("2006-01-02"), runtime.NumCPU(), time.Since(r.began).Round(time.Second))
	var of []string
	for _, name := range []string{"dashboard", "chart data", "SQL Lab", "login"} {
		of = append(of, fmt.Sprintf("%d %s", r.Done[name], name))
	}
	line("what users did while four releases came and went", fmt.Sprintf("%d turns (%s), of several requests each", r.All, strings.Join(of, ", ")))
	line("turns that failed", fmt.Sprint(len(r.Failures)))
	line("the proxy's ledger over these releases", fmt.Sprintf("%d accepted, %d answered, %d clients went away, %d lost, %d answers of 5xx", r.Accepted, r.Answered, r.Gone, r.Lost, r.Errors))
	line("the slowest turn", s(r.Slowest))
	line("sessions", "the three who had logged in once were logged in to the end")
	line("migration of the database, a revision at a time, beside users", s(r.Migration))
	line("from `deploy` to users on "+newer, s(r.Forward))
	line("SQL Lab query that began before the switch", fmt.Sprintf("completed after %s, %s after the switch", s(r.Long), s(r.LongAfter)))
	line("schedulers at once, at most", fmt.Sprintf("%d in %d samples; the longest time without one %s", r.Beats, r.Samples, s(r.Gap)))
	line("rollback from standby", fmt.Sprintf("users back on %s after %s; all of it %s", older, s(r.Back), s(r.BackWhole)))
	for _, f := range r.Refused {
		line(f.what, fmt.Sprintf("taken back by itself after %s, no user's request on it: %s", s(f.took), f.reason))
	}
	line("full rollback: "+older+" with the database as it was saved before", s(r.Full))
	return b.String()
}
