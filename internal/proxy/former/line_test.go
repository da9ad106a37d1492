package former

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"

	"cutover/internal/proxy/ledger"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// ending is a proxy that ends its requests, on a socket of its own.
type ending struct {
	mu        sync.Mutex
	account   Account
	refuses   bool
	farewells int
}

func (e *ending) set(change func(*ending)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

func (e *ending) Account(uint64) Account {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.account
}

func (e *ending) Follow(_ context.Context, table route.Table) (int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refuses {
		return 0, errors.New("not now")
	}
	e.account.Generation = table.Generation
	return 2, nil
}

func (e *ending) CloseStreams(string, release.Side, []string) int { return 3 }

func (e *ending) Farewell() { e.set(func(e *ending) { e.farewells++ }) }

// stage is a line with one former proxy in it, and how to end that one.
func stage(t *testing.T, account Account) (l *Line, e *ending, die func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "former-") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := Path(dir, account.PID)
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false) // a killed process leaves its file
	e = &ending{account: account}
	server := &http.Server{Handler: Handler(e)}
	ended := make(chan struct{})
	go func() { server.Serve(ln); close(ended) }()
	die = sync.OnceFunc(func() { server.Close(); <-ended })
	t.Cleanup(die)
	l = &Line{Book: &ledger.Book{}, Log: slog.New(slog.DiscardHandler)}
	l.Take(Ancestry{Links: []Link{{Socket: path, Last: account}}})
	return l, e, die
}

// carrying is what a proxy says that has answered so many and carries so many.
func carrying(answered uint64, requests, streams int) Readings {
	all := answered + uint64(requests+streams)
	return Readings{"shop": {Blue: ledger.Reading{Requests: requests, Streams: streams, Counters: release.Counters{Accepted: all, Answered: answered}}}}
}

func blue(t *testing.T, l *Line, table route.Table) ledger.Reading {
	t.Helper()
	r, err := l.Read(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	return r["shop"].Blue
}

func TestWhatAFormerProxyHasInFlightCountsUntilItHasEnded(t *testing.T) {
	t.Parallel()
	l, e, _ := stage(t, Account{PID: 7, Apps: carrying(10, 1, 2)})
	if r := blue(t, l, route.Table{}); r.Requests != 1 || r.Streams != 2 || r.Counters.Answered != 10 {
		t.Errorf("read %+v", r)
	}
	e.set(func(e *ending) { e.account.Apps, e.account.Done = carrying(13, 0, 0), true })
	for range 2 { // and its sums stay when it is asked no more
		if r := blue(t, l, route.Table{}); r.Requests+r.Streams != 0 || r.Counters != (release.Counters{Accepted: 13, Answered: 13}) {
			t.Errorf("read %+v", r)
		}
	}
	if e.set(func(e *ending) {
		if e.farewells != 1 {
			t.Errorf("it heard %d farewells", e.farewells)
		}
	}); len(l.Left()) != 0 {
		t.Errorf("still left: %v", l.Left())
	}
}

func TestWhatADeadProxyHadInFlightIsLost(t *testing.T) {
	t.Parallel()
	l, _, die := stage(t, Account{PID: 7, Apps: carrying(10, 1, 2), Unrouted: 4})
	blue(t, l, route.Table{})
	die()
	if r := blue(t, l, route.Table{}); r.Requests+r.Streams != 0 || r.Counters != (release.Counters{Accepted: 13, Answered: 10, Lost: 3, CutStreams: 2}) {
		t.Errorf("read %+v", r)
	}
	if l.Unrouted() != 4 || len(l.Left()) != 0 {
		t.Errorf("unrouted %d, left %v", l.Unrouted(), l.Left())
	}
}

func TestNobodyGuessesWhatAProxyCarriesThatDoesNotTakeTheTable(t *testing.T) {
	t.Parallel()
	l, e, _ := stage(t, Account{PID: 7, Apps: carrying(10, 0, 0)})
	e.set(func(e *ending) { e.refuses = true })
	next := route.Table{Generation: 5}
	if r, err := l.Read(t.Context(), next); err == nil {
		t.Errorf("read %+v", r)
	}
	if _, err := l.Follow(t.Context(), next); err == nil {
		t.Error("the change counts as made")
	}
	e.set(func(e *ending) { e.refuses = false })
	if unsettled, err := l.Follow(t.Context(), next); err != nil || unsettled != 2 {
		t.Errorf("unsettled %d, %v", unsettled, err)
	}
	if e.Account(0).Generation != 5 {
		t.Error("it did not take the table")
	}
	if n, err := l.CloseStreams(t.Context(), "shop", release.Blue, nil); err != nil || n != 3 {
		t.Errorf("closes %d streams, %v", n, err)
	}
}

func TestAProxyThatWasFoundCountsFromItsFirstAccountOn(t *testing.T) {
	t.Parallel()
	found, e, _ := stage(t, Account{PID: 7, Apps: carrying(10, 1, 0)})
	link := found.a.Links[0]
	found.Take(Ancestry{Links: []Link{{Socket: link.Socket, Found: true}}})
	if r := blue(t, found, route.Table{}); r.Requests != 1 || r.Counters != (release.Counters{Accepted: 1}) {
		t.Errorf("read %+v", r)
	}
	e.set(func(e *ending) { e.account.Apps = carrying(11, 0, 0) })
	if r := blue(t, found, route.Table{}); r.Requests != 0 || r.Counters != (release.Counters{Accepted: 1, Answered: 1}) {
		t.Errorf("read %+v", r)
	}
}
