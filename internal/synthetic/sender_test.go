package synthetic_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/load"
	"cutover/internal/release"
	"cutover/internal/synthetic"
	"cutover/internal/testkit"
)

// app is an instance that counts what it is asked.
type app struct {
	release.Instance
	asked, unmarked, now, most atomic.Int64
}

// newApp starts an instance whose answers a handler gives.
func newApp(t *testing.T, id string, answer http.HandlerFunc) *app {
	t.Helper()
	a := &app{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.asked.Add(1)
		if r.Header.Get("Cutover-Synthetic") != "1" {
			a.unmarked.Add(1)
		}
		for n, most := a.now.Add(1), a.most.Load(); n > most && !a.most.CompareAndSwap(most, n); most = a.most.Load() {
		}
		defer a.now.Add(-1)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	a.Instance = release.Instance{ID: id, Addr: s.Listener.Addr().String(), Alive: true, Ready: true}
	return a
}

func fine(http.ResponseWriter, *http.Request) {}

func broken(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }

// order asks for / of an old and a new instance, fifty times a second.
func order(t *testing.T, old, fresh release.Instance) release.SyntheticOrder {
	t.Helper()
	p := load.Plan{Model: load.Open, Stages: []load.Stage{{From: 50, To: 50, Lasts: time.Minute}}, Timeout: 10 * time.Second, Synthetic: true,
		Scenarios: []load.Scenario{{Name: "one", Weight: 1, Steps: []load.Step{{Request: &load.Request{Method: "GET", Path: "/"}}}}}}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return release.SyntheticOrder{App: "shop", Release: "r2", Sends: true, Old: []release.Instance{old}, New: []release.Instance{fresh},
		Synthetic: release.Synthetic{Plan: string(text), Rate: 50, WhenBelow: 60, Block: time.Second}}
}

// gather observes until there are so many pairs.
func gather(t *testing.T, s *synthetic.Sender, o release.SyntheticOrder, n int) []release.SyntheticPair {
	t.Helper()
	var all []release.SyntheticPair
	testkit.Await(t, "pairs end", func() bool {
		pairs, err := s.Observe(o)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pairs...)
		return len(all) >= n
	})
	return all
}

func newSender(t *testing.T) *synthetic.Sender {
	s := synthetic.New()
	t.Cleanup(s.Close)
	return s
}

func TestBothSidesGetTheSameNumberOfMarkedRequestsAndAPairSaysWhatBecameOfThem(t *testing.T) {
	t.Parallel()
	old, fresh := newApp(t, "b", fine), newApp(t, "g", broken)
	s := newSender(t)
	pairs := gather(t, s, order(t, old.Instance, fresh.Instance), 10)
	s.Forget("shop")
	last := time.Time{}
	for _, p := range pairs {
		if p.Void != "" || p.Of != "GET /" || !p.New.Bad || p.Old.Bad || p.Old.Took <= 0 || p.At.Before(last) {
			t.Errorf("a pair is %+v", p)
		}
		last = p.At
	}
	if a, b := old.asked.Load(), fresh.asked.Load(); a-b > synthetic.AtOnce || b-a > synthetic.AtOnce || old.unmarked.Load()+fresh.unmarked.Load() > 0 {
		t.Errorf("they were asked %d and %d times, %d without the mark", a, b, old.unmarked.Load()+fresh.unmarked.Load())
	}
}

func TestWhoComesFirstIsTossedFor(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var turns strings.Builder
	note := func(who string) http.HandlerFunc {
		return func(http.ResponseWriter, *http.Request) { mu.Lock(); turns.WriteString(who); mu.Unlock() }
	}
	old, fresh := newApp(t, "b", note("b")), newApp(t, "g", note("g"))
	gather(t, newSender(t), order(t, old.Instance, fresh.Instance), 30)
	mu.Lock()
	defer mu.Unlock()
	if said := turns.String(); !strings.Contains(said, "bb") || !strings.Contains(said, "gg") {
		t.Errorf("the turns are %s", said)
	}
}

func TestNoMoreThanAFewAreUnderWayOnASideThatHangs(t *testing.T) {
	t.Parallel()
	free := make(chan struct{})
	old, fresh := newApp(t, "b", fine), newApp(t, "g", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-free:
		case <-r.Context().Done():
		}
	})
	s := newSender(t)
	o := order(t, old.Instance, fresh.Instance)
	if _, err := s.Observe(o); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "as many as may be are under way", func() bool { return fresh.now.Load() == synthetic.AtOnce })
	close(free)
	gather(t, s, o, 20)
	if most := max(fresh.most.Load(), old.most.Load()); most > synthetic.AtOnce {
		t.Errorf("%d were under way at once", most)
	}
}

func TestWhatIsUnderWayWhenItRestsIsCalledOffAndCountsForNothing(t *testing.T) {
	t.Parallel()
	old, fresh := newApp(t, "b", fine), newApp(t, "g", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s := newSender(t)
	o := order(t, old.Instance, fresh.Instance)
	if _, err := s.Observe(o); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the new side is asked", func() bool { return fresh.now.Load() > 0 })
	o.Sends = false
	if pairs, err := s.Observe(o); err != nil || len(pairs) > 0 {
		t.Errorf("%+v, %v", pairs, err)
	}
	testkit.Await(t, "nothing is under way", func() bool { return fresh.now.Load() == 0 })
	s.Forget("shop")
	asked := fresh.asked.Load()
	o.Sends = true
	o.New = nil // nobody to compare with
	if pairs, err := s.Observe(o); err != nil || len(pairs) > 0 {
		t.Errorf("%+v, %v", pairs, err)
	}
	if fresh.asked.Load() != asked {
		t.Error("it went on after it was forgotten")
	}
}

func TestAnInstanceThatCannotBeReachedFromHereTellsNothing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	old := newApp(t, "b", fine)
	pairs := gather(t, newSender(t), order(t, old.Instance, release.Instance{ID: "g", Addr: l.Addr().String()}), 3)
	for _, p := range pairs {
		if !strings.Contains(p.Void, "the new version cannot be reached from here: connection refused") {
			t.Errorf("a pair is %+v", p)
		}
	}
}

func TestOthersAreAskedAsSoonAsInstancesChange(t *testing.T) {
	t.Parallel()
	old, one, two := newApp(t, "b", fine), newApp(t, "g1", fine), newApp(t, "g2", broken)
	s := newSender(t)
	gather(t, s, order(t, old.Instance, one.Instance), 3)
	o := order(t, old.Instance, two.Instance)
	testkit.Await(t, "the other one is asked", func() bool {
		pairs, err := s.Observe(o)
		return err == nil && len(pairs) > 0 && pairs[len(pairs)-1].New.Bad
	})
	asked := one.asked.Load()
	gather(t, s, o, 5)
	if one.asked.Load() != asked {
		t.Error("the former instance is still asked")
	}
}

func TestWhatCannotBeSentIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	s := newSender(t)
	o := order(t, release.Instance{}, release.Instance{})
	o.Synthetic.Plan = `{"name": "x", "surprise": 1}`
	if _, err := s.Observe(o); err == nil || !strings.Contains(err.Error(), "surprise") {
		t.Errorf("%v", err)
	}
	o.Synthetic.Plan = strings.Replace(order(t, release.Instance{}, release.Instance{}).Synthetic.Plan, `"scenarios"`, `"variables":{"key":"env:SYNTHETIC_TEST_ABSENT"},"scenarios"`, 1)
	if err := synthetic.Ready(release.Plan{Synthetic: &o.Synthetic}); err == nil || !strings.Contains(err.Error(), "SYNTHETIC_TEST_ABSENT") {
		t.Errorf("%v", err)
	}
	if err := synthetic.Ready(release.Plan{}); err != nil {
		t.Error(err)
	}
	s.Close()
	if _, err := s.Observe(order(t, release.Instance{}, release.Instance{})); err == nil {
		t.Error("a sender that was closed goes on")
	}
}
