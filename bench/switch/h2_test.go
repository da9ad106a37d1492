package switching

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/demo/load"
	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/testkit/authority"
)

// BenchmarkSwitchH2 is BenchmarkSwitch with users who speak HTTP/2 over TLS.
func BenchmarkSwitchH2(b *testing.B) {
	switches, kills := number(b, "SWITCHES", 20), number(b, "KILLS", 4)
	ca := authority.New(b, "bench")
	cert, key := ca.Issue(b, nil, "127.0.0.1").Write(b, b.TempDir(), "shop")
	var turns []turn
	for b.Loop() {
		s := &street{b: b, router: startProxy(b), listen: testkit.FreeAddr(b), sides: map[release.Side]*app{}}
		s.front.TLS = &release.TLS{Certificate: cert, Key: key}
		s.config = &tls.Config{RootCAs: ca.Pool(), ServerName: "127.0.0.1"}
		turns = append(turns, s.stage(switches, kills)...)
	}
	tell(b, turns, kills)
}

const (
	// visitorRate is how many requests the visitors send a second, besides
	// uploads, slow requests and streams.
	visitorRate = 2000
	// visitorLines is how many connections they share, visitorsAtOnce how many
	// requests may be under way at most.
	visitorLines   = 16
	visitorsAtOnce = 512
)

// visitors speak HTTP/2: on each connection many requests are under way at
// once, and a request that fails is never sent again by them.
type visitors struct {
	s     *street
	lines []*http.Client
	soft  context.Context // ends what begins new requests
	stop  context.CancelFunc
	hard  context.Context // ends streams
	cut   context.CancelFunc
	wg    sync.WaitGroup

	serial atomic.Uint64
	mu     sync.Mutex
	report load.Report
}

// line is a client with a connection of its own.
func (s *street) line() *http.Client {
	t := &http.Transport{}
	if s.config != nil {
		t.TLSClientConfig, t.ForceAttemptHTTP2 = s.config.Clone(), true
	}
	return &http.Client{Transport: t}
}

func startVisitors(s *street, streams int) *visitors {
	v := &visitors{s: s}
	v.soft, v.stop = context.WithCancel(context.Background())
	v.hard, v.cut = context.WithCancel(context.Background())
	for range visitorLines {
		v.lines = append(v.lines, s.line())
	}
	v.wg.Go(v.pace)
	for i := range 8 {
		v.wg.Go(func() {
			for v.soft.Err() == nil {
				v.ask(v.lines[i%visitorLines], "GET", "/slow", nil, time.Now())
			}
		})
	}
	for i := range streams {
		v.wg.Go(func() {
			for v.soft.Err() == nil {
				v.listen(v.lines[i%visitorLines])
			}
		})
	}
	return v
}

// pace begins requests when they are due, whether or not earlier ones have
// been answered.
func (v *visitors) pace() {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	room := make(chan struct{}, visitorsAtOnce)
	began, sent := time.Now(), 0
	for {
		select {
		case <-v.soft.Done():
			return
		case <-tick.C:
		}
		for ; sent < int(time.Since(began).Seconds()*visitorRate); sent++ {
			due := began.Add(time.Duration(sent) * time.Second / visitorRate)
			select {
			case room <- struct{}{}:
			default:
				v.count(func(r *load.Report) { r.Skipped++ })
				continue
			}
			line, method, path := v.lines[sent%visitorLines], "GET", []string{"/", "/api/items"}[sent%2]
			if sent%5 == 0 {
				method, path = "POST", "/api/orders"
			}
			v.wg.Go(func() {
				defer func() { <-room }()
				v.ask(line, method, path, []byte(`{"item":1}`), due)
			})
		}
	}
}

func (v *visitors) count(how func(*load.Report)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	how(&v.report)
}

// ask sends one request and tells its fate.
func (v *visitors) ask(line *http.Client, method, path string, body []byte, due time.Time) {
	o := load.Outcome{ID: fmt.Sprint("h2-", v.serial.Add(1)), Kind: load.GetKind, Intended: due, Sent: time.Now(), Fate: load.Lost}
	var sends io.Reader
	if method == "POST" {
		o.Kind, sends = load.PostKind, io.MultiReader(bytes.NewReader(body)) // it cannot be sent again
	}
	v.count(func(r *load.Report) { r.Requests.Sent++ })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := v.fetch(ctx, line, method, path, sends, &o)
	o.Done = time.Now()
	v.count(func(r *load.Report) {
		if err != nil {
			r.Requests.Lost++
			v.s.b.Logf("%s %s %s: %v", o.ID, method, path, err)
			return
		}
		r.Requests.Answered++
		r.Status[o.Status/100]++
		if o.Mismatched {
			r.Mismatched++
		}
	})
	v.s.observe(o)
}

func (v *visitors) fetch(ctx context.Context, line *http.Client, method, path string, body io.Reader, o *load.Outcome) error {
	req, err := http.NewRequestWithContext(ctx, method, v.s.url()+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("X-Request-Id", o.ID)
	res, err := line.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var got struct{ ID string }
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil && res.StatusCode < 500 {
		return fmt.Errorf("read the answer %d: %w", res.StatusCode, err)
	}
	if res.ProtoMajor != 2 {
		return fmt.Errorf("the answer came by %s", res.Proto)
	}
	o.Fate, o.Status, o.Version, o.Mismatched = load.Answered, res.StatusCode, res.Header.Get("X-App-Version"), got.ID != o.ID
	return nil
}

// listen holds an event stream open until the data plane ends it, and says
// whether it ended in order.
func (v *visitors) listen(line *http.Client) {
	req, err := http.NewRequestWithContext(v.hard, "GET", v.s.url()+"/events", nil)
	if err != nil {
		v.s.b.Error(err)
		return
	}
	req.Header.Set("X-Request-Id", fmt.Sprint("stream-", v.serial.Add(1)))
	v.count(func(r *load.Report) { r.Requests.Sent++ })
	res, err := line.Do(req)
	if err != nil {
		v.count(func(r *load.Report) { r.Requests.Lost++ })
		return
	}
	defer res.Body.Close()
	v.count(func(r *load.Report) { r.Requests.Sent--; r.Streams.Opened++ })
	_, err = io.Copy(io.Discard, res.Body)
	v.count(func(r *load.Report) {
		switch {
		case v.hard.Err() != nil:
			r.Streams.EndedByClient++
		case err != nil:
			r.Streams.Cut++
			v.s.b.Logf("a stream was cut: %v", err)
		default:
			r.Streams.EndedCleanly++
		}
	})
}

// Stop lets what is under way end and returns the account.
func (v *visitors) Stop(ctx context.Context) load.Report {
	v.stop()
	v.cut()
	v.wg.Wait()
	for _, line := range v.lines {
		line.CloseIdleConnections()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.report
}
