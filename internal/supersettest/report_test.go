//go:build superset

package superset_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

// measured is what a run has shown.
type measured struct {
	hop                         hop
	began                       time.Time
	Rehearsal, Migration        time.Duration
	Impact                      release.Impact
	Reasons                     []string
	Forward                     time.Duration
	Long, LongAfter             time.Duration
	Cold, WarmBefore, WarmAfter float64
	Back, BackWhole, Full       time.Duration
	Refused                     []refusal
	Killed                      []release.Phase
	Done                        map[string]int
	All, Beats, Samples         int
	Gap, Slowest                time.Duration
	Failures, Broken            []string
	Accepted, Answered, Gone    uint64
	Lost, Errors                uint64
	Postgres                    string
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

// judge holds what users saw against what was promised. What was not kept is
// in the report, too.
func (r *measured) judge(t *testing.T) {
	t.Helper()
	broken := func(form string, seen ...any) {
		t.Errorf(form, seen...)
		r.Broken = append(r.Broken, fmt.Sprintf(form, seen...))
	}
	if len(r.Failures) > 0 {
		broken("users got %d failures:\n%s", len(r.Failures), strings.Join(r.Failures, "\n"))
	}
	if r.Lost > 0 || r.Errors > 0 {
		broken("the ledger has %d lost requests and %d answers of 5xx", r.Lost, r.Errors)
	}
	if r.Beats != 1 {
		broken("%d schedulers ran at once", r.Beats)
	}
	if r.WarmBefore-r.WarmAfter > 10 {
		broken("the cache had %.0f %% of what users asked for before the switch, and %.0f %% after it", r.WarmBefore, r.WarmAfter)
	}
	if r.Back > 5*time.Second {
		broken("users were back on the old version after %s", r.Back)
	}
}

// write puts the report where SUPERSET_REPORT says, if it says so, in the
// place of an earlier one on the same hop.
func (r *measured) write(t *testing.T) {
	t.Helper()
	t.Log(r.section())
	path := os.Getenv("SUPERSET_REPORT")
	if path == "" {
		return
	}
	old, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(bound(string(old), r.hop, r.section())), 0o644); err != nil {
		t.Error(err)
	}
}

const title = "# Superset upgraded and taken back: the last run of each hop\n\nWritten by `make test-superset`, where a section does not say otherwise. A hop that was not run again keeps its section.\n"

// bound puts the section of a hop into the report.
func bound(report string, of hop, section string) string {
	_, rest, _ := strings.Cut(report, "\n## ")
	var sections []string
	for _, s := range strings.Split(rest, "\n## ") {
		if head, _, _ := strings.Cut(s, "\n"); head != "" && head != of.String() {
			sections = append(sections, "## "+strings.TrimSpace(s)+"\n")
		}
	}
	sections = append(sections, section)
	slices.Sort(sections)
	return title + "\n" + strings.Join(sections, "\n")
}

// section is the report on one hop.
func (r *measured) section() string {
	var b strings.Builder
	line := func(what, form string, seen ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", what, strings.ReplaceAll(fmt.Sprintf(form, seen...), "\n", " "))
	}
	s := func(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }
	front := "cutover's own proxy"
	if r.hop.nginx {
		front = "nginx"
	}
	fmt.Fprintf(&b, "## %s\n\n%s, %d cores (shared with other work), users served by %s, PostgreSQL %s, whole run %s.\n\n| what | seen |\n|---|---|\n",
		r.hop, r.began.UTC().Format("2006-01-02 15:04 UTC"), runtime.NumCPU(), front, r.Postgres, time.Since(r.began).Round(time.Second))
	for _, what := range r.Broken {
		line("**NOT KEPT**", "%s", what)
	}
	var of []string
	for _, name := range []string{"dashboard", "chart data", "SQL Lab", "login"} {
		of = append(of, fmt.Sprintf("%d %s", r.Done[name], name))
	}
	line("what users did while the releases came and went", "%d turns (%s), of several requests each", r.All, strings.Join(of, ", "))
	line("turns that failed", "%d", len(r.Failures))
	line("the ledger over these releases", "%d accepted, %d answered, %d clients went away, %d lost, %d answers of 5xx", r.Accepted, r.Answered, r.Gone, r.Lost, r.Errors)
	line("the slowest turn", "%s", s(r.Slowest))
	line("sessions lost, of the three who had logged in once at the beginning", "%d", r.sessionsLost())
	if r.Impact != "" {
		line("rehearsal on a clone", "%s, by itself %s%s", r.Impact, s(r.Rehearsal), because(r.Reasons))
	}
	line("migration of the database, a revision at a time, beside users", "%s", s(r.Migration))
	line("from `deploy` to users on "+r.hop.to+", backup, warm-up and tests included", "%s", s(r.Forward))
	line("SQL Lab query that began before the switch", "completed after %s, %s after the switch", s(r.Long), s(r.LongAfter))
	line("charts from the cache", "%.0f %% of the last %d before the switch, %.0f %% of the first %d after it (%.0f %% of the first %d on a cold cache)",
		r.WarmBefore, window, r.WarmAfter, window, r.Cold, window)
	line("schedulers at once, at most", "%d in %d samples; the longest time without one %s", r.Beats, r.Samples, s(r.Gap))
	line("rollback from standby", "users back on %s after %s; all of it %s", r.hop.from, s(r.Back), s(r.BackWhole))
	for _, f := range r.Refused {
		line(f.what, "taken back by itself after %s, no user's request on it: %s", s(f.took), f.reason)
	}
	if len(r.Killed) > 0 {
		line("`kill -9` of the controller", "in %s: the next one went on", phases(r.Killed))
	}
	if r.Full > 0 {
		line("full rollback after the old version was retired: "+r.hop.from+" with the database, schema included, as it was saved before", "%s; users paused", s(r.Full))
	}
	return b.String()
}

// sessionsLost is how often somebody who had been logged in was not any more.
func (r *measured) sessionsLost() (n int) {
	for _, f := range r.Failures {
		if strings.Contains(f, "the session is lost") {
			n++
		}
	}
	return n
}

func because(reasons []string) string {
	if len(reasons) == 0 {
		return ""
	}
	return "; approved after reading: " + strings.Join(reasons, "; ")
}

func phases(list []release.Phase) string {
	var words []string
	for _, p := range list {
		words = append(words, string(p))
	}
	return strings.Join(words, ", ")
}
