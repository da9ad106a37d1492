package embedded

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/release"

	"github.com/coder/websocket"
)

// town has two sides of an app and people who use it. The phase is odd
// while the traffic has settled on one side, and even while a switch is under
// way; requests carry the phase they were sent in.
type town struct {
	t       *testing.T
	addr    string
	phase   atomic.Int64
	settled atomic.Value // the side, while phase is odd

	mu      sync.Mutex
	arrived map[string]int // by id, on both sides together
	held    map[string]chan struct{}
	late    []string

	nextID atomic.Int64
	// What the clients saw.
	sent, good, left atomic.Int64
	byes             chan struct{} // closed: streams say their last word
	longArrived      chan struct{}
}

const slow = time.Second

func newTown(t *testing.T) *town {
	town := &town{t: t, addr: address(), arrived: map[string]int{}, held: map[string]chan struct{}{}, byes: make(chan struct{}), longArrived: make(chan struct{}, 8)}
	town.settled.Store(release.NoSide)
	return town
}

// side starts a server of one side.
func (w *town) side(side release.Side) release.Endpoint {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(out http.ResponseWriter, r *http.Request) { io.Copy(out, r.Body) })
	mux.HandleFunc("/slow", func(out http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(slow):
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/upload", func(out http.ResponseWriter, r *http.Request) {
		if file, err := io.ReadAll(r.Body); err == nil {
			out.Write(file)
		}
	})
	mux.HandleFunc("/long", func(out http.ResponseWriter, r *http.Request) {
		w.longArrived <- struct{}{}
		select {
		case <-time.After(longRequest()):
			io.Copy(out, r.Body)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/hold", func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		close(w.held[r.Header.Get("ID")])
		w.mu.Unlock()
		<-r.Context().Done()
	})
	mux.HandleFunc("/events", w.events)
	mux.HandleFunc("/socket", w.socket)
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.arrive(side, r)
		mux.ServeHTTP(out, r)
	}))
	w.t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return release.Endpoint{ID: string(side), Addr: strings.TrimPrefix(s.URL, "http://")}
}

// arrive notes a request that was sent after a switch away from side had
// returned and came here all the same.
func (w *town) arrive(side release.Side, r *http.Request) {
	sent, _ := strconv.ParseInt(r.Header.Get("Phase"), 10, 64)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arrived[r.Header.Get("ID")]++
	if sent%2 == 1 && sent == w.phase.Load() && w.settled.Load() != side {
		w.late = append(w.late, fmt.Sprintf("%s on %s in phase %d", r.Header.Get("ID"), side, sent))
	}
}

func (w *town) events(out http.ResponseWriter, r *http.Request) {
	out.Header().Set("Content-Type", "text/event-stream")
	io.WriteString(out, "data: hello\n\n")
	http.NewResponseController(out).Flush()
	select {
	case <-w.byes:
		io.WriteString(out, "data: bye\n\n")
	case <-r.Context().Done():
	}
}

func (w *town) socket(out http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(out, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	for {
		kind, msg, err := c.Read(r.Context())
		if err != nil || c.Write(r.Context(), kind, msg) != nil {
			return
		}
	}
}

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1, MaxConnsPerHost: 1}, Timeout: 5 * time.Minute}
}

func (w *town) request(ctx context.Context, method, path, body string) *http.Request {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+w.addr+path, content)
	if err != nil {
		w.t.Error(err)
	}
	r.Header.Set("ID", fmt.Sprint("request-", w.nextID.Add(1)))
	r.Header.Set("Phase", fmt.Sprint(w.phase.Load()))
	return r
}

// use sends one request over the client's one connection; anything but the
// whole right answer fails the test.
func (w *town) use(c *http.Client, method, path, body string) {
	w.sent.Add(1)
	res, err := c.Do(w.request(context.Background(), method, path, body))
	if err != nil {
		w.t.Errorf("%s %s: %v", method, path, err)
		return
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || string(got) != body {
		w.t.Errorf("%s %s: %d %.80q, %v", method, path, res.StatusCode, got, err)
		return
	}
	w.good.Add(1)
}

// walkAway sends a request and leaves once it has arrived.
func (w *town) walkAway(c *http.Client) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r := w.request(ctx, "GET", "/hold", "")
	arrived := make(chan struct{})
	w.mu.Lock()
	w.held[r.Header.Get("ID")] = arrived
	w.mu.Unlock()
	go func() {
		<-arrived
		cancel()
	}()
	w.sent.Add(1)
	if res, err := c.Do(r); err == nil {
		res.Body.Close()
		w.t.Errorf("a request that is never answered was: %d", res.StatusCode)
		return
	}
	w.left.Add(1)
}

// crowd lets people use the app until stop: about a thousand requests a
// second over kept connections, a fifth of them POSTs, uploads, slow ones back to
// back, and some who walk away.
func (w *town) crowd(stop <-chan struct{}) *sync.WaitGroup {
	var wg sync.WaitGroup
	person := func(every time.Duration, act func(c *http.Client, i int)) {
		wg.Go(func() {
			c, tick := newClient(), time.NewTicker(every)
			defer c.CloseIdleConnections()
			defer tick.Stop()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-tick.C:
					act(c, i)
				}
			}
		})
	}
	for range 20 {
		person(20*time.Millisecond, func(c *http.Client, i int) {
			if i%5 == 0 {
				w.use(c, "POST", "/order", fmt.Sprint("order ", i))
				return
			}
			w.use(c, "GET", "/", "")
		})
	}
	file := strings.Repeat("0123456789abcdef", 16<<10)
	for range 2 {
		person(50*time.Millisecond, func(c *http.Client, _ int) { w.use(c, "POST", "/upload", file) })
	}
	for range 4 {
		person(time.Millisecond, func(c *http.Client, _ int) { w.use(c, "GET", "/slow", "") })
	}
	person(50*time.Millisecond, func(c *http.Client, _ int) { w.walkAway(c) })
	return &wg
}
