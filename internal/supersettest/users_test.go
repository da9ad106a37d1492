//go:build superset

package superset_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// users work with Superset all the time and count what they get.
type users struct {
	base string
	of   content

	mu       sync.Mutex
	done     map[string]int
	failures []string
	slowest  time.Duration
	hits     hits
	wait     sync.WaitGroup
	// open is held by each for a turn, and by who wants all to pause.
	open sync.RWMutex
	stop context.CancelFunc
}

// work sends the users to work; each logs in once and stays logged in.
func work(ctx context.Context, base string, c content) (*users, error) {
	u := &users{base: base, of: c, done: map[string]int{}}
	ctx, u.stop = context.WithCancel(ctx)
	for _, what := range []struct {
		name string
		do   func(context.Context, *person) error
	}{{"dashboard", u.dashboard}, {"chart data", u.chart}, {"SQL Lab", u.sql}, {"login", u.login}} {
		p, err := login(ctx, base)
		if err != nil {
			u.end()
			return nil, err
		}
		u.wait.Go(func() { u.repeat(ctx, what.name, p, what.do) })
	}
	return u, nil
}

// repeat does the same until it is told to end. What is under way is finished.
func (u *users) repeat(ctx context.Context, name string, p *person, do func(context.Context, *person) error) {
	pause := time.NewTicker(1500 * time.Millisecond)
	defer pause.Stop()
	for {
		u.open.RLock()
		began := time.Now()
		err := do(context.WithoutCancel(ctx), p)
		u.open.RUnlock()
		u.mu.Lock()
		u.done[name]++
		u.slowest = max(u.slowest, time.Since(began))
		if err != nil && len(u.failures) < 100 {
			u.failures = append(u.failures, began.Format("15:04:05")+" "+name+": "+err.Error())
		}
		u.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
	}
}

// dashboard loads the page as a browser does: it must be the dashboard, not
// the login.
func (u *users) dashboard(ctx context.Context, p *person) error {
	page, status, err := p.ask(ctx, "GET", "/superset/dashboard/shop/", nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK || !strings.Contains(string(page), "data-bootstrap") {
		return fmt.Errorf("the page answered %d: %.200s", status, page)
	}
	var me struct{ Result struct{ Username string } }
	if err := p.must(ctx, "GET", "/api/v1/me/", nil, &me); err != nil || me.Result.Username != "admin" {
		return fmt.Errorf("the session is lost: %+v, %v", me, err)
	}
	return p.must(ctx, "GET", "/api/v1/dashboard/shop/charts", nil, nil)
}

// chart draws one after the other, each in its turn.
func (u *users) chart(ctx context.Context, p *person) error {
	var answer struct {
		Result []struct {
			Rowcount int
			Cached   bool `json:"is_cached"`
		}
	}
	u.mu.Lock()
	chart := u.of.charts[len(u.hits)%len(u.of.charts)]
	u.mu.Unlock()
	began := time.Now()
	if err := p.must(ctx, "GET", fmt.Sprintf("/api/v1/chart/%d/data/", chart), nil, &answer); err != nil {
		return err
	}
	if len(answer.Result) != 1 || answer.Result[0].Rowcount != towns {
		return fmt.Errorf("chart data: %+v", answer)
	}
	u.mu.Lock()
	u.hits = append(u.hits, hit{began, answer.Result[0].Cached})
	u.mu.Unlock()
	return nil
}

// cached is what the users' charts have shown until now.
func (u *users) cached() hits {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.hits)
}

func (u *users) sql(ctx context.Context, p *person) error {
	rows, err := p.query(ctx, u.of.database, "SELECT count(*) AS n FROM orders")
	if err == nil && (len(rows) != 1 || fmt.Sprint(rows[0]["n"]) != fmt.Sprint(orders)) {
		data, _ := json.Marshal(rows)
		err = fmt.Errorf("SQL Lab answered %s", data)
	}
	return err
}

// login logs in anew, as people do who come in the morning.
func (u *users) login(ctx context.Context, _ *person) error {
	_, err := login(ctx, u.base)
	return err
}

// pause returns when nobody has a turn, and nobody begins one until resume.
// They stay logged in.
func (u *users) pause() { u.open.Lock() }

func (u *users) resume() { u.open.Unlock() }

// end stops the users and waits until they have what they asked for.
func (u *users) end() {
	u.stop()
	u.wait.Wait()
}

func (u *users) count() (done map[string]int, all int, failures []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	done = map[string]int{}
	for name, n := range u.done {
		done[name], all = n, all+n
	}
	return done, all, append([]string{}, u.failures...)
}
