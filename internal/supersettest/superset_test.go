//go:build superset

package superset_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

// What the orders' table holds.
const orders, towns = 900, 9

// long is the query that a user starts before the switch.
const long = 60 * time.Second

func TestARealSupersetIsUpgradedAndTakenBackWithUsersOnIt(t *testing.T) {
	for _, h := range []hop{
		{from: "4.0.2", to: "4.1.2"},
		{from: "4.1.2", to: "5.0.0"},
		{from: "4.0.2", to: "4.1.2", nginx: true, short: true},
	} {
		t.Run(h.String(), func(t *testing.T) { play(t, h) })
	}
}

func play(t *testing.T, hop hop) {
	h := newHouse(t, hop)
	r := &measured{hop: hop, began: time.Now()}
	h.prepare()
	h.psql(fmt.Sprintf("CREATE TABLE orders AS SELECT i AS id, 'town ' || i %% %d AS town FROM generate_series(1, %d) i", towns, orders))
	t.Cleanup(h.down)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "first.yaml")

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Hour)
	t.Cleanup(cancel)
	base := "http://" + h.listen
	admin, err := login(ctx, base)
	if err != nil {
		t.Fatal(err)
	}
	// The server trusts everybody; the password is there to be stored and decrypted.
	c, err := fill(ctx, admin, strings.Replace(h.database, "postgres@", "postgres:a-password@", 1))
	if err != nil {
		t.Fatal(err)
	}
	h.wanted(c)
	people, err := work(ctx, base, c)
	if err != nil {
		t.Fatal(err)
	}
	watching := &beats{}
	go watching.watch(ctx, h.folder)

	before := h.revision()
	r.Postgres = h.psql("SHOW server_version")
	if !hop.short {
		h.refuse(r, "key", "a SECRET_KEY that is not the one of the stored passwords", "", "    env: {SUPERSET_SECRET_KEY: env:OTHER_SECRET_KEY}\n", "hand over the key of the version that serves")
		h.forGood(r)
		// A full rollback interrupts what users do, so they make a pause.
		people.pause()
		watching.setAside(true)
		h.takeBackAll(r, before)
		h.await("superset-for-good-back", release.Done)
		watching.setAside(false)
		people.resume()
	}
	if hop.short {
		h.write("release.yaml", unrehearsed(h.read("release.yaml")))
	}
	h.upgrade(r, admin, people)
	h.takeBack(r)
	if !hop.short {
		h.refuse(r, "chart", "a query mutator of one's own that takes other arguments, so that no chart is drawn", "def SQL_QUERY_MUTATOR(sql):\n    return sql\n", "", "login, decryption")
	}
	people.end()
	r.count(people, watching)
	if len(r.Failures) > 0 {
		t.Log(h.complaints())
	}
	r.judge(t)
	r.write(t)
}

// wanted names the charts that users look at most, as the guide says.
func (h *house) wanted(c content) {
	text := "chart\n"
	for _, id := range c.charts {
		text += fmt.Sprintln(id)
	}
	h.write("charts.csv", text)
}

// revision is what the database is at.
func (h *house) revision() string { return h.psql("SELECT version_num FROM alembic_version") }

// upgrade brings the newer version in, with a long query on the way.
func (h *house) upgrade(r *measured, p *person, u *users) {
	h.t.Helper()
	name := h.hop.name()
	began := time.Now()
	done := h.going("deploy", "-f", "app.yaml", "-f", "release.yaml")
	asked := h.approve(r, name)
	r.Rehearsal = time.Since(began)
	if asked {
		h.t.Log(<-done)
		h.must(0, "next", "superset", "-m", "known, and looked at")
		done = h.going("deploy", "-f", "app.yaml", "-f", "release.yaml")
	}
	h.await(name, release.Expanding)
	expanding := time.Now()
	h.await(name, release.Starting)
	r.Migration = time.Since(expanding)
	h.await(name, release.Testing)
	// Testing takes as long as it takes: a query is under way until traffic moves.
	stop := h.ask(p, u.of.database)
	h.await(name, release.Shifting, release.Soaking)
	switched := h.served(h.hop.to)
	r.Forward = switched.Sub(began)
	r.long(h.t, stop(), switched)
	select {
	case out := <-done:
		h.t.Log(out)
	case <-time.After(patience):
		h.t.Fatalf("deploy goes on and on: %s\n%s", h.view(name).Word(), h.said())
	}
	if s := h.view(name); s.Phase != release.Standby {
		h.t.Fatalf("release %s is %s: %s\n%s", name, s.Word(), s.Reason, h.said())
	}
	await(h.t, "enough charts drawn by the new version", func() bool { return len(u.cached().after(switched)) == window })
	all := u.cached()
	r.Cold, r.WarmBefore, r.WarmAfter = all[:window].rate(), all.before(switched).rate(), all.after(switched).rate()
}

// approve waits for what the rehearsal says, and reports whether somebody has
// to approve of it.
func (h *house) approve(r *measured, name string) (asked bool) {
	h.t.Helper()
	await(h.t, "the rehearsal", func() bool {
		s := h.view(name)
		if s.Rehearsed != nil {
			r.Impact, r.Reasons = s.Rehearsed.Impact, s.Rehearsed.Reasons
		}
		asked = s.Halt != nil && s.Phase == release.Preflight
		return asked || s.Phase != "" && s.Phase != release.Planned && s.Phase != release.Preflight
	})
	return asked
}

// ask runs one long query after the other. What it returns stops that, and
// has them all; the last one is under way in that moment.
func (h *house) ask(p *person, database int) (stop func() []answer) {
	answers, moved := make(chan []answer, 1), make(chan struct{})
	go func() {
		var list []answer
		for {
			a := answer{began: time.Now()}
			a.rows, a.err = p.query(context.Background(), database, fmt.Sprintf("SELECT 42 AS n, pg_sleep(%d)::text AS slept", int(long.Seconds())))
			a.ended = time.Now()
			list = append(list, a)
			select {
			case <-moved:
				answers <- list
				return
			default:
			}
		}
	}()
	return func() []answer { close(moved); return <-answers }
}

// answer is what came of a long query.
type answer struct {
	began, ended time.Time
	rows         []map[string]any
	err          error
}

// long holds the long queries against what was promised of them.
func (r *measured) long(t *testing.T, list []answer, switched time.Time) {
	t.Helper()
	for _, a := range list {
		if a.err != nil || len(a.rows) != 1 || fmt.Sprint(a.rows[0]["n"]) != "42" {
			t.Errorf("the long query: %v, %v", a.rows, a.err)
		}
	}
	last := list[len(list)-1]
	if !last.began.Before(switched) || !last.ended.After(switched) {
		t.Errorf("the long query ran from %s to %s, and users were switched at %s", last.began, last.ended, switched)
	}
	r.Long, r.LongAfter = last.ended.Sub(last.began), last.ended.Sub(switched)
}

// served waits until users meet a version and returns when that was.
func (h *house) served(version string) time.Time {
	h.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); ; {
		if h.version() == version {
			return time.Now()
		}
		select {
		case <-tick.C:
		case <-deadline:
			h.t.Fatalf("version %s never served\n%s", version, h.said())
		}
	}
}

// version asks which version answers users: the file lies in Superset's package.
func (h *house) version() string {
	a, err := http.Get("http://" + h.listen + "/static/version_info.json")
	if err != nil {
		h.t.Errorf("a user was not answered: %v", err)
		return ""
	}
	defer a.Body.Close()
	var info struct{ Version string }
	_ = json.NewDecoder(a.Body).Decode(&info)
	return info.Version
}

// takeBack rolls back from standby and times it as users see it.
func (h *house) takeBack(r *measured) {
	h.t.Helper()
	began := time.Now()
	go h.cutover("rollback", "superset", "--detach", "-m", "to see how long it takes")
	r.Back = h.served(h.hop.from).Sub(began)
	s := h.await(h.hop.name(), release.RolledBack)
	r.BackWhole = time.Since(began)
	r.add(s)
}

// refuse deploys a version that is broken and demands that it is taken back
// before it gets a request, for the right reason.
func (h *house) refuse(r *measured, what, words, config, target, reason string) {
	h.t.Helper()
	name := "superset-" + what
	text := strings.Replace(h.read("release.yaml"), h.hop.name(), name, 1)
	text = strings.Replace(text, "  to: "+h.hop.to+"\n", fmt.Sprintf("  to:\n    version: %s-%s\n%s    files: [%s/superset_config.py]\n", h.hop.to, what, target, what), 1)
	if config != "" {
		// It has to be found without a rehearsal, too.
		text = unrehearsed(text)
	}
	h.write(what+"/superset_config.py", h.read("superset_config.py")+config)
	h.write(name+".yaml", text)
	began := time.Now()
	out := h.must(1, "deploy", "-f", "app.yaml", "-f", name+".yaml")
	s := h.view(name)
	if s.Phase != release.RolledBack || s.Ledger.Of(s.Plan.To.Side).Accepted > 0 {
		h.t.Errorf("%s: it is %s and got %d requests\n%s", what, s.Word(), s.Ledger.Of(s.Plan.To.Side).Accepted, out)
	}
	if !strings.Contains(s.Reason, reason) {
		h.t.Errorf("%s: it was taken back because: %s", what, s.Reason)
	}
	r.Refused = append(r.Refused, refusal{words, time.Since(began), s.Reason})
	r.add(s)
}

// unrehearsed leaves the rehearsal out of a release.
func unrehearsed(text string) string {
	return strings.Replace(text, "rehearse: {before: expand}", "", 1)
}

// forGood brings the newer version in and lets the older one go, while the
// controller is killed again and again.
func (h *house) forGood(r *measured) {
	h.t.Helper()
	const name = "superset-for-good"
	text := strings.Replace(h.read("release.yaml"), h.hop.name(), name, 1)
	text = strings.Replace(text, "to: "+h.hop.to+"\n", "to: "+h.hop.to+"-again\n", 1)
	h.write(name+".yaml", unrehearsed(text))
	deploy := []string{"deploy", "-f", "app.yaml", "-f", name + ".yaml"}
	for _, phase := range []release.Phase{release.Expanding, release.Starting, release.Warming, release.Soaking} {
		done := h.going(deploy...)
		h.await(name, phase)
		h.kill(r, phase)
		<-done
	}
	h.must(0, deploy...)
	h.must(0, "retire", "superset")
	r.add(h.await(name, release.Done))
}

// takeBackAll brings the older version back with its database.
func (h *house) takeBackAll(r *measured, revision string) {
	h.t.Helper()
	if now := h.revision(); now == revision {
		h.t.Errorf("the database is at revision %s still", now)
	}
	h.psql("DELETE FROM orders WHERE id % 2 = 0")
	began := time.Now()
	h.must(0, "rollback", "superset", "--full", "--yes", "-m", "to see that it works")
	r.Full = time.Since(began)
	h.must(0, "retire", "superset")
	if v := h.version(); v != h.hop.from {
		h.t.Errorf("version %s serves after the full rollback", v)
	}
	if n, now := h.psql("SELECT count(*) FROM orders"), h.revision(); n != fmt.Sprint(orders) || now != revision {
		h.t.Errorf("%s orders are there after the full rollback, and the database is at revision %s; it was at %s before", n, now, revision)
	}
}
