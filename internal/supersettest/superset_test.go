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
	h := newHouse(t)
	r := &measured{began: time.Now()}
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
	people, err := work(ctx, base, c)
	if err != nil {
		t.Fatal(err)
	}
	watching := &beats{}
	go watching.watch(ctx, h.folder)

	h.upgrade(r, admin, c)
	h.takeBack(r)
	h.refuse(r, "key", "a SECRET_KEY that is not the one of the stored passwords", "", "    env: {SUPERSET_SECRET_KEY: env:OTHER_SECRET_KEY}\n")
	h.refuse(r, "chart", "a query mutator of one's own that takes other arguments, so that no chart is drawn", "def SQL_QUERY_MUTATOR(sql):\n    return sql\n", "")

	h.again(r)

	// A full rollback interrupts what users do, so they go home first.
	people.end()
	r.count(people, watching)
	r.judge(t)
	h.takeBackAll(r)
	if !t.Failed() {
		r.write(t)
	}
}

// upgrade brings the newer version in, with a long query on the way.
func (h *house) upgrade(r *measured, p *person, c content) {
	h.t.Helper()
	const name = "superset-4-1-2"
	done := make(chan string, 1)
	began := time.Now()
	go func() { _, out := h.cutover("deploy", "-f", "app.yaml", "-f", "release.yaml"); done <- out }()
	h.await(name, release.Expanding)
	expanding := time.Now()
	h.await(name, release.Starting)
	r.Migration = time.Since(expanding)
	h.await(name, release.Testing)
	type answer struct {
		began, ended time.Time
		rows         []map[string]any
		err          error
	}
	// Testing takes as long as it takes: a query is under way until traffic moves.
	answers := make(chan []answer, 1)
	moving := make(chan struct{})
	go func() {
		var list []answer
		for {
			a := answer{began: time.Now()}
			a.rows, a.err = p.query(context.Background(), c.database, fmt.Sprintf("SELECT 42 AS n, pg_sleep(%d)::text AS slept", int(long.Seconds())))
			a.ended = time.Now()
			list = append(list, a)
			select {
			case <-moving:
				answers <- list
				return
			default:
			}
		}
	}()
	h.await(name, release.Shifting, release.Soaking)
	switched := h.served(newer)
	close(moving)
	r.Forward = switched.Sub(began)
	list := <-answers
	last := list[len(list)-1]
	for _, a := range list {
		if a.err != nil || len(a.rows) != 1 || fmt.Sprint(a.rows[0]["n"]) != "42" {
			h.t.Errorf("the long query: %v, %v", a.rows, a.err)
		}
	}
	if !last.began.Before(switched) || !last.ended.After(switched) {
		h.t.Errorf("the long query ran from %s to %s, and users were switched at %s", last.began, last.ended, switched)
	}
	r.Long, r.LongAfter = last.ended.Sub(last.began), last.ended.Sub(switched)
	select {
	case out := <-done:
		r.Deploy = out
	case <-time.After(patience):
		h.t.Fatalf("deploy goes on and on: %s\n%s", h.view(name).Word(), h.said())
	}
	if s := h.view(name); s.Phase != release.Standby {
		h.t.Fatalf("release %s is %s: %s\n%s\n%s", name, s.Word(), s.Reason, r.Deploy, h.said())
	}
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
	r.Back = h.served(older).Sub(began)
	s := h.await("superset-4-1-2", release.RolledBack)
	r.BackWhole = time.Since(began)
	r.add(s)
}

// refuse deploys a version that is broken and demands that it is taken back
// before it gets a request.
func (h *house) refuse(r *measured, what, words, config, target string) {
	h.t.Helper()
	name := "superset-" + what
	text := h.local(h.read("release.yaml"))
	text = strings.Replace(text, "superset-4-1-2", name, 1)
	text = strings.Replace(text, "  to: "+newer+"\n", fmt.Sprintf("  to:\n    version: %s-%s\n%s    files: [%s.py]\n", newer, what, target, what), 1)
	text = strings.Replace(text, "ready: {within: 15m}", "ready: {within: 2m}", 1)
	h.write(what+"/superset_config.py", h.read("superset_config.py")+config)
	text = strings.Replace(text, "["+what+".py]", "["+what+"/superset_config.py]", 1)
	h.write(name+".yaml", text)
	began := time.Now()
	out := h.must(1, "deploy", "-f", "app.yaml", "-f", name+".yaml")
	s := h.view(name)
	if s.Phase != release.RolledBack || s.Ledger.Of(s.Plan.To.Side).Accepted > 0 {
		h.t.Errorf("%s: it is %s and got %d requests\n%s", what, s.Word(), s.Ledger.Of(s.Plan.To.Side).Accepted, out)
	}
	r.Refused = append(r.Refused, refusal{words, time.Since(began), s.Reason})
	r.add(s)
}

// again brings the newer version in for good.
func (h *house) again(r *measured) {
	h.t.Helper()
	const name = "superset-again"
	text := strings.Replace(h.read("release.yaml"), "superset-4-1-2", name, 1)
	text = strings.Replace(text, "to: "+newer+"\n", "to: "+newer+"-again\n", 1)
	h.write(name+".yaml", text)
	h.must(0, "deploy", "-f", "app.yaml", "-f", name+".yaml")
	h.must(0, "retire", "superset")
	r.add(h.await(name, release.Done))
}

// takeBackAll brings the older version back with its database.
func (h *house) takeBackAll(r *measured) {
	h.t.Helper()
	h.psql("DELETE FROM orders WHERE id % 2 = 0")
	began := time.Now()
	h.must(0, "rollback", "superset", "--full", "--yes", "-m", "to see that it works")
	r.Full = time.Since(began)
	if v := h.version(); v != older {
		h.t.Errorf("version %s serves after the full rollback", v)
	}
	if n := h.psql("SELECT count(*) FROM orders"); n != fmt.Sprint(orders) {
		h.t.Errorf("%s orders are there after the full rollback", n)
	}
}
