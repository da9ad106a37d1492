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
func (m *measured) add(s release.State) {
	for _, side := range []release.Side{release.Blue, release.Green} {
		c := s.Ledger.Of(side)
		m.Accepted, m.Answered, m.Gone = m.Accepted+c.Accepted, m.Answered+c.Answered, m.Gone+c.ClientGone
		m.Lost, m.Errors = m.Lost+c.Lost, m.Errors+c.Errors
	}
}

func (m *measured) count(u *users, b *beats) {
	m.Done, m.All, m.Failures = u.count()
	u.mu.Lock()
	m.Slowest = u.slowest
	u.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	m.Beats, m.Samples, m.Gap = b.most, b.samples, b.gap
}

// write puts the report where SUPERSET_REPORT says, if it says so.
func (m *measured) write(t *testing.T) {
	t.Helper()
	text := m.String()
	t.Log("\n" + text)
	if path := os.Getenv("SUPERSET_REPORT"); path != "" {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}

func (m *measured) String() string {
	var b strings.Builder
	line := func(what, seen string) { fmt.Fprintf(&b, "| %s | %s |\n", what, seen) }
	s := func(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }
	fmt.Fprintf(&b, "# Superset %s to %s and back: the last run\n\nWritten by `make test-superset`; not edited. %s, %d cores (shared with other work), whole run %s.\n\n| what | seen |\n|---|---|\n",
		older, newer, m.began.UTC().Format("2006-01-02"), runtime.NumCPU(), time.Since(m.began).Round(time.Second))
	var of []string
	for _, name := range []string{"dashboard", "chart data", "SQL Lab", "login"} {
		of = append(of, fmt.Sprintf("%d %s", m.Done[name], name))
	}
	line("what users did while four releases came and went", fmt.Sprintf("%d turns (%s), of several requests each", m.All, strings.Join(of, ", ")))
	line("turns that failed", fmt.Sprint(len(m.Failures)))
	line("the proxy's ledger over these releases", fmt.Sprintf("%d accepted, %d answered, %d clients went away, %d lost, %d answers of 5xx", m.Accepted, m.Answered, m.Gone, m.Lost, m.Errors))
	line("the slowest turn", s(m.Slowest))
	line("sessions", "the three who had logged in once were logged in to the end")
	line("migration of the database, a revision at a time, beside users", s(m.Migration))
	line("from `deploy` to users on "+newer, s(m.Forward))
	line("SQL Lab query that began before the switch", fmt.Sprintf("completed after %s, %s after the switch", s(m.Long), s(m.LongAfter)))
	line("schedulers at once, at most", fmt.Sprintf("%d in %d samples; the longest time without one %s", m.Beats, m.Samples, s(m.Gap)))
	line("rollback from standby", fmt.Sprintf("users back on %s after %s; all of it %s", older, s(m.Back), s(m.BackWhole)))
	for _, r := range m.Refused {
		line(r.what, fmt.Sprintf("taken back by itself after %s, no user's request on it: %s", s(r.took), r.reason))
	}
	line("full rollback: "+older+" with the database as it was saved before", s(m.Full))
	return b.String()
}
