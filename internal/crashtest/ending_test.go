package crashtest

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/platform/process"
	"cutover/internal/release"
)

// ending is how a story came out, as far as it must not depend on who was
// killed in the meantime.
type ending struct {
	Phase    release.Phase
	Serves   string
	Side     release.Side
	Active   string
	Rejected []string
	// Entered are the phases and steps in their order.
	Entered []string
	// Running counts the processes of each sort, Platform what the platform
	// knows of, Routed what the data plane sends requests to, on each side.
	Running  map[string]int
	Platform map[string]int
	Routed   release.Sides[string]
	// Columns are those of the table of addresses, with the number of triggers
	// in the database.
	Columns string
	// Served is the version that answers at the front.
	Served string
}

// ending looks at what is left, with no controller running.
func (s *stage) ending(what story) ending {
	s.t.Helper()
	b := s.readJournal()
	standing, state := b.standing, b.releases[what.release()]
	e := ending{
		Phase: state.Phase, Serves: standing.Serves().Version, Side: standing.Serves().Side, Active: standing.Active,
		Entered: b.entered(what.release()), Platform: map[string]int{}, Served: s.answers(), Columns: s.columns(),
	}
	for _, r := range standing.Rejected {
		e.Rejected = append(e.Rejected, r.Version)
	}
	running := s.census()
	e.Running = count(running)
	known := s.platform()
	var ids []string
	for _, i := range known {
		e.Platform[sight(i)]++
		ids = append(ids, i.ID)
	}
	slices.Sort(ids)
	now := s.observe()
	e.Routed = release.Sides[string]{Blue: routed(now.Sides.Blue, known), Green: routed(now.Sides.Green, known)}
	if have := instances(running); !slices.Equal(have, ids) {
		s.t.Errorf("the instances %v run, the platform knows of %v", have, ids)
	}
	if now.Salt != standing.Plan.Release {
		s.t.Errorf("the route is that of %s, but %s brought in what stands", now.Salt, standing.Plan.Release)
	}
	return e
}

// columns looks at the shape of the database.
func (s *stage) columns() string {
	s.t.Helper()
	out, err := exec.Command("sqlite3", "-cmd", ".timeout 60000", s.database(), `SELECT (SELECT group_concat(name) FROM pragma_table_info('address')) || '; triggers: ' ||
		(SELECT count(*) FROM sqlite_schema WHERE type = 'trigger')`).CombinedOutput()
	if err != nil {
		s.t.Fatalf("look at the database with sqlite3: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// sight is what the platform says of an instance.
func sight(i release.Instance) string {
	return fmt.Sprintf("%s (%s), alive %t, ready %t, stopping %t, %d restarts", i.Version, i.Side, i.Alive, i.Ready, i.Stopping, i.Restarts)
}

// routed says what a side gets, and how many of its endpoints are instances
// that run there.
func routed(t release.SideTraffic, known []release.Instance) string {
	at := 0
	for _, e := range t.Endpoints {
		if slices.ContainsFunc(known, func(i release.Instance) bool { return i.ID == e.ID && i.Addr == e.Addr && i.Serves() }) {
			at++
		}
	}
	return fmt.Sprintf("%s to %d endpoints, %d of them instances that are ready", t.Weight, len(t.Endpoints), at)
}

// platform asks a platform of the test's own what runs.
func (s *stage) platform() []release.Instance {
	s.t.Helper()
	p, err := process.New(process.Options{StateDir: s.path("instances")})
	if err != nil {
		s.t.Fatal(err)
	}
	list, err := p.Observe(context.Background(), "shop")
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// answers returns the version that answers a request of a new user, "" if
// nobody does.
func (s *stage) answers() string {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Minute}
	res, err := c.Get("http://" + s.listen + "/version")
	if err != nil {
		return ""
	}
	res.Body.Close()
	return res.Header.Get("X-App-Version")
}

// same compares two endings.
func same(t *testing.T, want, got ending) {
	t.Helper()
	if a, b := fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got); a != b {
		t.Errorf("it came out differently.\nwant: %s\ngot:  %s", a, b)
	}
}
