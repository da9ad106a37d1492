package load_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/demo/load"
	"cutover/internal/testkit"
)

// serve starts a server in this process.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

func TestAnAnswerOfTheProxyIsALossAndTheSameStatusOfTheAppIsNot(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/proxy" || r.URL.Path == "/ws" {
			w.Header().Set("Cutover-Error", "no instance is ready")
		} else {
			w.Header().Set("X-App-Version", "v1")
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	c := start(t, load.Options{URL: url, Rate: 200, Paths: []string{"/proxy", "/app"}, Sockets: 1, Events: 1})
	testkit.Await(t, "50 fates of each sort", func() bool {
		r := c.Snapshot()
		return r.Versions[""].Lost >= 50 && r.Versions["v1"].Requests >= 50
	})
	r := stop(t, c)
	if r.LostBy[load.ByProxy] != r.Requests.Lost || r.ProxyErrors != r.Requests.Lost {
		t.Errorf("lost by %v of %+v, %d by the proxy", r.LostBy, r.Requests, r.ProxyErrors)
	}
	if r.Status[5] != r.Requests.Answered || r.Versions["v1"].Errors5xx != r.Requests.Answered {
		t.Errorf("status %v, v1 %+v of %+v", r.Status, r.Versions["v1"], r.Requests)
	}
	if r.Streams.Opened != 0 {
		t.Errorf("streams %+v, but none could begin", r.Streams)
	}
	if got := r.Counters().Errors; got != r.Requests.Answered+r.Requests.Lost {
		t.Errorf("%d errors in the counters, all %+v were 503", got, r.Requests)
	}
}

func TestNoRequestIsEverSentTwice(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	times := map[string]int{}
	var served atomic.Uint64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		times[r.Header.Get("X-Request-Id")]++
		mu.Unlock()
		if served.Add(1)%3 == 0 {
			panic(http.ErrAbortHandler) // breaks the connection without an answer
		}
	})
	c := start(t, load.Options{URL: url, Rate: 400, Connections: 8})
	testkit.Await(t, "40 lost requests", func() bool { return c.Snapshot().Requests.Lost >= 40 })
	r := stop(t, c)
	mu.Lock()
	defer mu.Unlock()
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s arrived %d times", id, n)
		}
	}
	if n := uint64(len(times)); n != r.Requests.Sent || r.LostBy[load.NoAnswer] != n/3 || r.Requests.Lost != n/3 {
		t.Errorf("%d arrived, every third was broken: %+v, lost by %v", n, r.Requests, r.LostBy)
	}
}

func TestACutAnswerIsLostThoughItsHeadCame(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-App-Version", "v1")
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	c := start(t, load.Options{URL: url, Rate: 100})
	testkit.Await(t, "20 lost requests", func() bool { return c.Snapshot().Requests.Lost >= 20 })
	r := stop(t, c)
	if r.Requests.Answered != 0 || r.LostBy[load.CutAnswer] != r.Requests.Lost || r.Versions["v1"].Lost != r.Requests.Lost {
		t.Errorf("%+v, lost by %v, v1 %+v", r.Requests, r.LostBy, r.Versions["v1"])
	}
}

func TestAnEventStreamThatJustStopsIsCut(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	c := start(t, load.Options{URL: url, Events: 1})
	testkit.Await(t, "two cut streams", func() bool { return c.Snapshot().Streams.Cut >= 2 })
	if r := stop(t, c); r.Streams.EndedCleanly != 0 || r.Requests.Sent != 0 {
		t.Errorf("streams %+v, requests %+v", r.Streams, r.Requests)
	}
}

func TestASilentStreamIsCut(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	c := start(t, load.Options{URL: url, Events: 1, Timeout: 50 * time.Millisecond})
	testkit.Await(t, "a cut stream", func() bool { return c.Snapshot().Streams.Cut >= 1 })
	stop(t, c)
}

func TestARequestWithoutAnAnswerInTimeIsLost(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c := start(t, load.Options{URL: url, Rate: 100, Timeout: 30 * time.Millisecond})
	testkit.Await(t, "five requests too late", func() bool { return c.Snapshot().LostBy[load.TooLate] >= 5 })
	if r := stop(t, c); r.Requests.Answered != 0 || r.Requests.ClientGone != 0 {
		t.Errorf("%+v", r.Requests)
	}
}

func TestStopGivesUpWhatIsStillInFlightWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c := start(t, load.Options{URL: url, Rate: 100, Connections: 6})
	testkit.Await(t, "six requests in flight", func() bool { return c.Snapshot().Requests.InFlight() == 6 })
	over, cancel := context.WithCancel(t.Context())
	cancel()
	r := c.Stop(over)
	mustAddUp(t, r)
	if r.Requests != (load.Requests{Sent: 6, ClientGone: 6}) {
		t.Errorf("%+v, want six given up", r.Requests)
	}
	if again := c.Stop(t.Context()); again.Requests != r.Requests || again.Took != r.Took {
		t.Errorf("the second call returned %+v after %s, the first %+v after %s", again.Requests, again.Took, r.Requests, r.Took)
	}
}

func TestLatencyCountsFromWhenARequestWasDueAndTheQueueIsBounded(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-App-Version", "v1")
		once.Do(func() {
			close(arrived)
			<-release
			// Without an answer this request has no latency of its own.
			panic(http.ErrAbortHandler)
		})
	})
	seen := &witness{}
	c := start(t, load.Options{URL: url, Rate: 100, Connections: 1, Observe: seen.see})
	<-arrived
	// The one connection is busy: the next request waits for it, and those
	// skipped after that were due 10 ms apart.
	before := c.Snapshot().Skipped
	testkit.Await(t, "seven skipped requests", func() bool { return c.Snapshot().Skipped >= before+7 })
	close(release)
	testkit.Await(t, "three answers", func() bool { return c.Snapshot().Requests.Answered >= 3 })
	r := stop(t, c)
	const waited = 50 * time.Millisecond
	if r.Versions["v1"].Max < waited {
		t.Errorf("the greatest latency is %s, want at least %s", r.Versions["v1"].Max, waited)
	}
	if o := seen.outcomes()[1]; o.Sent.Sub(o.Intended) < waited {
		t.Errorf("the second request was due at %s and sent at %s", o.Intended, o.Sent)
	}
}

func TestAnAnswerToAnotherRequestIsNoticed(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"by its header": func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Request-Id", "another") },
		"by its body":   func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"id":"another"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, load.Options{URL: serve(t, answer), Rate: 100, PostShare: 1})
			testkit.Await(t, "five mismatches", func() bool { return c.Snapshot().Mismatched >= 5 })
			if r := stop(t, c); r.Mismatched != r.Requests.Answered {
				t.Errorf("%d of %d answers mismatched", r.Mismatched, r.Requests.Answered)
			}
		})
	}
}

func TestUsersKeepTheirCookiesAndTheOthersDoNot(t *testing.T) {
	t.Parallel()
	var fresh, known, given atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("front"); err == nil {
			known.Add(1)
			return
		}
		fresh.Add(1)
		http.SetCookie(w, &http.Cookie{Name: "front", Value: fmt.Sprint(given.Add(1)), Path: "/"})
	})
	keepers := start(t, load.Options{URL: url, Rate: 400, Connections: 4, Users: 10})
	testkit.Await(t, "200 answers", func() bool { return keepers.Snapshot().Requests.Answered >= 200 })
	stop(t, keepers)
	if fresh.Load() > 10 || known.Load() < 190 {
		t.Errorf("ten users came %d times without the cookie and %d times with it", fresh.Load(), known.Load())
	}
	fresh.Store(0)
	known.Store(0)
	others := start(t, load.Options{URL: url, Rate: 400, Connections: 4, Anonymous: 1})
	testkit.Await(t, "50 answers", func() bool { return others.Snapshot().Requests.Answered >= 50 })
	stop(t, others)
	if known.Load() != 0 {
		t.Errorf("anonymous users came with the cookie %d times", known.Load())
	}
}

func TestOptionsThatMakeNoSenseAreRefusedByName(t *testing.T) {
	t.Parallel()
	good := load.Options{URL: "http://127.0.0.1:1"}
	for want, change := range map[string]func(*load.Options){
		"http://host:port": func(o *load.Options) { o.URL = "https://127.0.0.1:1" },
		"Rate":             func(o *load.Options) { o.Rate = -1 },
		"PostShare":        func(o *load.Options) { o.PostShare = 1.1 },
		"Connections":      func(o *load.Options) { o.Connections = 5000 },
		"Paths":            func(o *load.Options) { o.Paths = []string{"items"} },
		"SlowFor":          func(o *load.Options) { o.SlowFor = time.Hour },
	} {
		o := good
		change(&o)
		c, err := load.Start(o)
		if err == nil {
			c.Stop(t.Context())
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestAnAbortLeavesInTheMiddleOfTheAnswer(t *testing.T) {
	t.Parallel()
	var left atomic.Uint64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		left.Add(1)
	})
	c := start(t, load.Options{URL: url, Aborts: 2, AbortEvery: 10 * time.Millisecond})
	testkit.Await(t, "the server to see two clients leave", func() bool { return left.Load() == 2 })
	if r := stop(t, c); r.Requests != (load.Requests{Sent: 2, ClientGone: 2}) {
		t.Errorf("%+v, want two clients gone", r.Requests)
	}
}
