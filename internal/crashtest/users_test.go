package crashtest

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"cutover/internal/demo/load"
	"cutover/internal/release"
)

// users is the crowd at the front, with what the data plane had counted
// before they came.
type users struct {
	*stage
	crowd  *load.Client
	before release.Counters

	mu sync.Mutex
	// kept are the addresses that users were told are kept.
	kept []string
}

// crowd is a hundred requests a second over kept connections, a third of them
// POSTs, with slow ones, both sorts of streams, and some who walk away.
func (s *stage) crowd(observe func(load.Outcome)) *users {
	s.t.Helper()
	before := s.counters()
	u := &users{stage: s, before: before}
	c, err := load.Start(load.Options{URL: "http://" + s.listen, Rate: 100, PostShare: 0.3, AddressShare: 0.2, Connections: 16, Anonymous: 0.2,
		Slow: 2, SlowFor: 600 * time.Millisecond, Events: 1, Sockets: 1, Aborts: 2, Timeout: time.Minute, Observe: func(o load.Outcome) {
			u.note(o)
			if observe != nil {
				observe(o)
			}
		}})
	if err != nil {
		s.t.Fatal(err)
	}
	u.crowd = c
	s.t.Cleanup(func() { u.leave() })
	return u
}

// note remembers what is kept.
func (u *users) note(o load.Outcome) {
	if o.Kind == load.AddressKind && o.Fate == load.Answered && o.Status == http.StatusCreated {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.kept = append(u.kept, o.ID)
	}
}

// readBack proves that every address is as it was written, whichever version
// wrote it and whatever became of the schema since.
func (u *users) readBack() {
	u.t.Helper()
	c := http.Client{Timeout: 5 * time.Minute}
	defer c.CloseIdleConnections()
	for _, id := range u.kept {
		res, err := c.Get("http://" + u.listen + "/api/addresses/" + id)
		if err != nil {
			u.t.Fatalf("read the address %s back: %v", id, err)
		}
		var got struct{ Line string }
		err = json.NewDecoder(res.Body).Decode(&got)
		res.Body.Close()
		if want := load.AddressOf(id); err != nil || got.Line != want {
			u.t.Errorf("the address %s is %q, %v; written was %q", id, got.Line, err, want)
		}
	}
	if len(u.kept) == 0 {
		u.t.Error("no address was written")
	}
}

// leave ends the load and returns its account.
func (u *users) leave() load.Report {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	return u.crowd.Stop(ctx)
}

// counters sums the data plane's ledger.
func (s *stage) counters() release.Counters {
	s.t.Helper()
	now := s.observe()
	return now.Sides.Blue.Counters.Plus(now.Sides.Green.Counters)
}

// lostNothing ends the load and proves that no request was lost and no stream
// cut, by the users' own count and by the data plane's.
func (u *users) lostNothing() load.Report {
	u.t.Helper()
	report := u.leave()
	want := report.Counters()
	if want.Lost != 0 || want.CutStreams != 0 || report.Mismatched != 0 {
		u.t.Errorf("%d requests were lost (%v), %d streams cut, %d answers mixed up", want.Lost, report.LostBy, want.CutStreams, report.Mismatched)
	}
	if want.Answered < 200 {
		u.t.Errorf("only %d requests were answered: that is no load", want.Answered)
	}
	// To the users a stream that the data plane closes in the course of a drain
	// has its regular end, like one that the app ended.
	want.ClosedStreams = report.Streams.EndedCleanly
	u.agree(want)
	u.readBack()
	return report
}

// agree waits until the data plane has noticed the last of them leave, and has
// counted what they have.
func (u *users) agree(want release.Counters) {
	u.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Minute)
	for {
		got := u.counters().Minus(u.before)
		if got == want {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			u.t.Errorf("the ledgers differ.\nusers:      %+v\ndata plane: %+v", want, got)
			return
		}
	}
}
