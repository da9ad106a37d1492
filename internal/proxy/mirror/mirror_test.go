package mirror_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cutover/internal/proxy/mirror"
	"cutover/internal/release"
)

func TestADifferenceIsFoundWithItsPathInSpiteOfNoise(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	version := func(price string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"items":[{"id":1,"price":%s}],"request":%d}`, price, n.Add(1))
		}
	}
	s := newStage(t, fast, backend(t, version("5")), backend(t, version(`"5"`)))
	for k := range 60 {
		if got := s.get(fmt.Sprintf("/api/orders/%d", k)); !strings.Contains(got, `"price":5`) {
			t.Fatalf("a user got %s", got)
		}
	}
	c := s.accounted(60)
	if c.Samples != 60 || c.Alarms != 1 || c.Noisy != 1 || c.Endpoints != 1 {
		t.Fatalf("got %+v", c)
	}
	d := c.Differences[0]
	if d.Endpoint != "GET /api/orders/{id}" || d.Path != "$.items[].price" || d.Is != "text" || !d.Alarm || d.Count != 60 {
		t.Errorf("got %+v", d)
	}
	if green := s.book.Of("shop", release.Green).Read().Counters; green.Accepted != 0 {
		t.Errorf("copies count as users: %+v", green)
	}
	if blue := s.book.Of("shop", release.Blue).Read().Counters; blue.Accepted != 60 {
		t.Errorf("blue has %+v", blue)
	}
}

func TestIdenticalVersionsAreNotToldApart(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	version := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		k := n.Add(1)
		fmt.Fprintf(w, `{"at":%d,"cached":%t,"list":[%d,%d,3]}`, k, k%3 == 0, k%2, (k+1)%2)
	}
	s := newStage(t, fast, backend(t, version), backend(t, version))
	for range 200 {
		s.get("/")
	}
	c := s.accounted(200)
	if len(c.Failing()) > 0 || c.Samples < 150 {
		t.Errorf("got %+v", c)
	}
}

// hanging answers nobody until the test ends, and counts who waits.
func hanging(t *testing.T, waiting *atomic.Int64) http.HandlerFunc {
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	return func(w http.ResponseWriter, r *http.Request) {
		waiting.Add(1)
		defer waiting.Add(-1)
		select {
		case <-r.Context().Done():
		case <-over:
		}
	}
}

func TestAHungShadowCostsNoRequestAndNoMemory(t *testing.T) {
	t.Parallel()
	var waiting, most atomic.Int64
	hang := hanging(t, &waiting)
	green := func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), waiting.Load()+1))
		hang(w, r)
	}
	l := fast
	l.Workers, l.Queue, l.Bytes, l.AtLeast = 4, 8, 1<<20, 1e12 // nothing is given up meanwhile
	l.AtMost = l.AtLeast
	s := newStage(t, l, backend(t, says(`{"big":"`+strings.Repeat("x", 20_000)+`"}`)), backend(t, green))
	var users sync.WaitGroup
	for range 8 {
		users.Go(func() {
			for range 50 {
				s.get("/")
			}
		})
	}
	users.Wait() // while every copy still hangs
	c := s.found()
	if waiting.Load() == 0 || most.Load() > 4 {
		t.Errorf("%d copies wait, %d at most: want some, 4 at most", waiting.Load(), most.Load())
	}
	if c.Samples != 0 || c.Dropped < 400-4-8-1 {
		t.Errorf("of 400 requests %d were compared and %d dropped", c.Samples, c.Dropped)
	}
	blue := s.book.Of("shop", release.Blue).Read().Counters
	if blue.Accepted != 400 || blue.Errors+blue.Lost > 0 {
		t.Errorf("users got %+v", blue)
	}
	if held := s.mirror.Held(); held > (4+8+8)*3*33_000 {
		t.Errorf("%d bytes are held", held)
	}
	// The end of the mirror gives up what hangs.
	s.route.Mirror = nil
	s.publish()
	eventually(t, func() bool { return waiting.Load() == 0 && s.mirror.Held() == 0 },
		func() any { return fmt.Sprint(waiting.Load(), " wait, ", s.mirror.Held(), " bytes held") })
}

func TestADeadShadowIsFoundToGiveNoAnswers(t *testing.T) {
	t.Parallel()
	dead := backend(t, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	s := newStage(t, fast, backend(t, says(`1`)), dead)
	for range 60 {
		s.get("/")
	}
	c := s.accounted(60)
	if f := c.Failing(); len(f) != 1 || f[0].Path != "answer" || f[0].Is != "the answer broke off" {
		t.Errorf("got %+v", c)
	}
}

func TestAfterFailuresInARowCopyingRests(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	dead := backend(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		panic(http.ErrAbortHandler)
	})
	l := fast
	l.Failures, l.Rest, l.Workers = 3, 1e12, 1
	s := newStage(t, l, backend(t, says(`1`)), dead)
	for k := range uint64(40) {
		s.get("/")
		s.accounted(k + 1)
	}
	if c := s.found(); c.Samples != 3 || c.Dropped != 37 {
		t.Errorf("got %+v", c)
	}
}

func TestWritesAreNotCopiedUnlessATargetOfItsOwnTakesThem(t *testing.T) {
	t.Parallel()
	var blueGot, greenGot atomic.Int64
	var copied sync.Map
	blue := backend(t, func(w http.ResponseWriter, r *http.Request) { blueGot.Add(1); says(`1`)(w, r) })
	green := backend(t, func(w http.ResponseWriter, r *http.Request) { greenGot.Add(1); says(`1`)(w, r) })
	own := backend(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		copied.Store(string(text), r.Header.Get(mirror.Header)+" "+r.Header.Get("X-Kept"))
		says(`1`)(w, r)
	})
	s := newStage(t, fast, blue, green)
	post := func(text string) {
		t.Helper()
		r, _ := http.NewRequest("POST", s.url+"/buy", strings.NewReader(text))
		r.Header.Set("X-Kept", "yes")
		res, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	post("one")
	if c := s.found(); c.Samples+c.Dropped+c.Skipped != 0 {
		t.Errorf("got %+v", c)
	}
	s.route.Mirror = &release.Mirror{Side: release.Green, Shadow: release.Shadow{Share: release.All, Writes: true, Target: endpoint(own)[0].Addr}}
	s.publish()
	post("two")
	s.accounted(1)
	if got, _ := copied.Load("two"); got != "1 yes" {
		t.Errorf("the target got %v", got)
	}
	if blueGot.Load() != 2 || greenGot.Load() != 0 {
		t.Errorf("blue got %d writes and green %d, want 2 and 0", blueGot.Load(), greenGot.Load())
	}
}

func TestACompressedAnswerIsUnpacked(t *testing.T) {
	t.Parallel()
	packed := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Header.Get("Accept-Encoding") != "gzip" {
			fmt.Fprint(w, `{"a":1}`)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprint(z, `{"a":1}`)
		z.Close()
	}
	s := newStage(t, fast, backend(t, packed), backend(t, says(`{"a":2}`)))
	for range 30 {
		r, _ := http.NewRequest("GET", s.url, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		res, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	if c := s.accounted(30); len(c.Failing()) != 1 || c.Failing()[0].Path != "$.a" || c.Noisy != 0 {
		t.Errorf("got %+v", c)
	}
}

func TestWhatCannotBeComparedIsSkippedAndCounted(t *testing.T) {
	t.Parallel()
	blue := backend(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/large":
			w.Write(bytes.Repeat([]byte("x"), 5000))
		case "/grows":
			for range 5 {
				w.Write(bytes.Repeat([]byte("x"), 1000))
				w.(http.Flusher).Flush()
			}
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: 1\n\n")
		case "/encoded":
			w.Header().Set("Content-Encoding", "br")
			fmt.Fprint(w, "????")
		}
	})
	l := fast
	l.Body, l.Bytes = 4000, 1<<20
	s := newStage(t, l, blue, blue)
	for k, path := range []string{"/large", "/grows", "/events", "/encoded"} {
		s.get(path)
		if c := s.accounted(uint64(k + 1)); c.Skipped != uint64(k+1) {
			t.Errorf("after %s: %+v", path, c)
		}
	}
	eventually(t, func() bool { return s.mirror.Held() == 0 }, func() any { return s.mirror.Held() })
}

func TestWithoutMemoryCopiesAreSkipped(t *testing.T) {
	t.Parallel()
	l := fast
	l.Bytes = 1000
	s := newStage(t, l, backend(t, says(strings.Repeat("1", 2000))), backend(t, says(`1`)))
	s.get("/")
	if c := s.accounted(1); c.Skipped != 1 {
		t.Errorf("got %+v", c)
	}
}

func TestThePaceBoundsWhatTheOldSideIsAskedAgain(t *testing.T) {
	t.Parallel()
	var blueGot atomic.Int64
	blue := backend(t, func(w http.ResponseWriter, r *http.Request) { blueGot.Add(1); says(`1`)(w, r) })
	l := fast
	l.Rate = 0.001 // one at once, and then none for a quarter of an hour
	s := newStage(t, l, blue, backend(t, says(`1`)))
	for range 50 {
		s.get("/")
	}
	if c := s.accounted(50); c.Samples != 1 || c.Dropped != 49 || blueGot.Load() != 51 {
		t.Errorf("got %+v; blue was asked %d times", c, blueGot.Load())
	}
}

func TestAComparisonLastsUntilTheNextRelease(t *testing.T) {
	t.Parallel()
	s := newStage(t, fast, backend(t, says(`1`)), backend(t, says(`2`)))
	s.get("/")
	s.accounted(1)
	s.route.Mirror = nil
	s.publish()
	s.get("/")
	if c := s.found(); c.Samples != 1 || c.Dropped+c.Skipped != 0 {
		t.Errorf("after the shadow: %+v", c)
	}
	s.route.Salt = "r2"
	s.publish()
	if c := s.mirror.Comparison("shop", "r2"); c != nil {
		t.Errorf("the next release begins with %+v", c)
	}
}

func TestAClientThatGoesAwayLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	began := make(chan struct{}, 1)
	blue := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(bytes.Repeat([]byte("x"), 100))
		w.(http.Flusher).Flush()
		began <- struct{}{}
		<-r.Context().Done()
	})
	l := fast
	l.Bytes = 1 << 20
	s := newStage(t, l, blue, blue)
	res, err := s.client.Get(s.url)
	if err != nil {
		t.Fatal(err)
	}
	<-began
	res.Body.Close()
	eventually(t, func() bool {
		return s.mirror.Held() == 0 && s.book.Of("shop", release.Blue).Read().Requests == 0
	},
		func() any { return s.mirror.Held() })
	if c := s.found(); c.Samples+c.Dropped+c.Skipped != 0 {
		t.Errorf("got %+v", c)
	}
}
