package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/ledger"
	"cutover/internal/release"
)

// takeOverFrom starts a proxy in place of the one that runs on dir and returns
// it when it is in charge.
func takeOverFrom(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	p := launch(t, dir, append([]string{takeoverEnv + "=1"}, env...)...)
	p.inCharge()
	return p
}

func (p *process) inCharge() {
	p.t.Helper()
	eventually(p.t, func() bool {
		h, err := p.Health(p.t.Context())
		return err == nil && h.PID == p.cmd.Process.Pid
	}, func() any {
		p.kill() // so that its output can be read
		return "the process is not in charge: " + p.out.String()
	})
}

// ended waits until the process has ended well.
func (p *process) ended() {
	p.t.Helper()
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%v: %s", err, p.out)
	}
}

// users send requests on kept connections until stop, which returns how many
// were answered and what went wrong.
type users struct {
	stopped  atomic.Bool
	wg       sync.WaitGroup
	answered atomic.Int64
	mu       sync.Mutex
	failed   []string
}

func crowd(t *testing.T, addr string, n int) *users {
	u := &users{}
	t.Cleanup(func() { u.stop() })
	for i := range n {
		u.wg.Go(func() { u.use(addr, i) })
	}
	return u
}

func (u *users) use(addr string, i int) {
	transport := &http.Transport{MaxIdleConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 5 * time.Minute}
	for n := 0; !u.stopped.Load(); n++ {
		if err := once(client, addr, fmt.Sprintf("%d-%d", i, n)); err != nil {
			u.mu.Lock()
			u.failed = append(u.failed, err.Error())
			u.mu.Unlock()
			continue
		}
		u.answered.Add(1)
	}
}

// once sends a body, so that nothing on the way sends it a second time, and
// wants it back.
func once(client *http.Client, addr, id string) error {
	res, err := client.Post("http://"+addr+"/", "text/plain", io.NopCloser(strings.NewReader(id)))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != 200 || string(body) != id) {
		err = fmt.Errorf("%s got %d %q", id, res.StatusCode, body)
	}
	return err
}

func (u *users) stop() (answered int64, failed []string) {
	u.stopped.Store(true)
	u.wg.Wait()
	return u.answered.Load(), u.failed
}

func (u *users) more(t *testing.T, n int64) {
	t.Helper()
	want := u.answered.Load() + n
	eventually(t, func() bool { return u.answered.Load() >= want }, func() any { return "the users get no answers" })
}

// echoing answers with what it gets; /events streams until it is cut, /hold
// answers when released.
func echoing(t *testing.T, released <-chan struct{}) string {
	return backend(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, "data: 1\n\n")
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case "/hold":
			select {
			case <-released:
				io.WriteString(w, "held")
			case <-r.Context().Done():
			}
		default:
			io.Copy(w, r.Body)
		}
	})
}

// stream opens a stream of events; ended tells when it is cut, and how.
func stream(t *testing.T, addr string) (ended <-chan error) {
	t.Helper()
	res, err := http.Get("http://" + addr + "/events")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	lines := bufio.NewReader(res.Body)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	end := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, lines)
		end <- err
	}()
	return end
}

func TestATakeoverUnderLoadFailsNobody(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	p := start(t, dir)
	s := service("shop", addr, echoing(t, nil))
	s.Route.Front.StreamGrace = time.Hour
	put(t, p.Client, s)
	first, err := p.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u := crowd(t, addr, 8)
	u.more(t, 100)
	open := stream(t, addr)
	chain := []*process{p}
	for range 3 {
		chain = append(chain, takeOverFrom(t, dir))
		u.more(t, 100)
	}
	last := chain[3]
	// Whoever carries its requests, the users' address is one client of the last
	// ten seconds, as long as they are at work.
	var at ledger.Reading
	eventually(t, func() bool {
		stats, err := last.Stats(t.Context(), "shop")
		if err == nil {
			at = stats.Sides.Blue
		}
		return err == nil && at.Users.Clients > 0
	}, func() any { return at })
	if at.Users.Clients != 1 {
		t.Errorf("users are one address: %+v", at.Users)
	}
	answered, failed := u.stop()
	if len(failed) > 0 {
		t.Errorf("%d of %d requests failed: %v", len(failed), answered, failed[:min(3, len(failed))])
	}
	select {
	case err := <-open:
		t.Errorf("the stream was cut within its grace: %v", err)
	default:
	}
	// One book over all processes.
	for _, former := range chain[1:3] {
		former.ended()
	}
	stats, err := last.Stats(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	blue := stats.Sides.Blue
	if stats.Epoch != first.Epoch || blue.Counters.Answered != uint64(answered) || blue.Counters.Accepted != uint64(answered)+1 || blue.Streams != 1 || blue.Counters.Lost != 0 {
		t.Errorf("%d answered and a stream: epoch %s of %s, %+v", answered, stats.Epoch, first.Epoch, blue)
	}
	if blue.Users.Requests != uint64(answered) {
		t.Errorf("users have sent %d requests: %+v", answered, blue.Users)
	}
	// The order to close streams reaches the process that has them.
	if n, err := last.CloseStreams(t.Context(), admin.CloseStreams{App: "shop", Side: release.Blue, Fence: 1}); err != nil || n != 1 {
		t.Errorf("%d streams are closed, %v", n, err)
	}
	if err := <-open; err != nil {
		t.Errorf("the stream's end: %v", err)
	}
	p.ended()
	eventually(t, func() bool {
		h, err := last.Health(t.Context())
		return err == nil && len(h.Former) == 0
	}, func() any { return "somebody is still leaving" })
	if stats, err = last.Stats(t.Context(), "shop"); err != nil || stats.Sides.Blue.Streams != 0 || stats.Sides.Blue.Counters.ClosedStreams != 1 {
		t.Errorf("after the stream: %+v, %v", stats.Sides.Blue, err)
	}
}

func TestASideIsNotDrainedWhileAFormerProxyCarriesItsRequests(t *testing.T) {
	t.Parallel()
	dir, addr, release1 := stateDir(t), address(), make(chan struct{})
	p := start(t, dir)
	blue, green := echoing(t, release1), says(t, "green")
	put(t, p.Client, service("shop", addr, blue))
	held := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + addr + "/hold")
		if err != nil {
			held <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		held <- string(body)
	}()
	inFlight := func() int {
		stats, err := p.Stats(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		return stats.Sides.Blue.Requests
	}
	eventually(t, func() bool { return inFlight() == 1 }, func() any { return "the request is not in flight" })
	kept := dialKept(t, addr)
	kept.expect("a")
	next := takeOverFrom(t, dir)
	if n := inFlight(); n != 1 {
		t.Errorf("%d in flight after the takeover", n)
	}
	// A switch is for the requests on the former proxy's connections, too.
	to := service("shop", addr, blue)
	to.Route.Sides.Green = to.Route.Sides.Blue
	to.Route.Sides.Blue.Weight = release.None
	to.Route.Sides.Green.Endpoints = []release.Endpoint{{ID: "2", Addr: green}}
	put(t, next.Client, to)
	kept.ask("b")
	if got := kept.answer(); !strings.HasSuffix(got, "green") || !strings.Contains(got, "Connection: close") {
		t.Errorf("on a kept connection the former proxy answered %q", got)
	}
	if n := inFlight(); n != 1 {
		t.Errorf("%d in flight on blue after the switch", n)
	}
	close(release1)
	if got := <-held; got != "held" {
		t.Errorf("the held request got %q", got)
	}
	p.ended()
	if n := inFlight(); n != 0 {
		t.Errorf("%d in flight after the former proxy has gone", n)
	}
}

// dialKept opens a connection that is spoken on by hand.
func dialKept(t *testing.T, addr string) *keptConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &keptConn{t: t, Conn: c, in: bufio.NewReader(c)}
}

type keptConn struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func (c *keptConn) ask(body string) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		c.t.Fatal(err)
	}
}

// answer returns head and body.
func (c *keptConn) answer() string {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(5 * time.Minute))
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	head := res.Status
	if res.Close {
		head += " Connection: close"
	}
	return head + " " + string(body)
}

func (c *keptConn) expect(body string) {
	c.t.Helper()
	c.ask(body)
	if got := c.answer(); !strings.HasSuffix(got, body) {
		c.t.Errorf("got %q", got)
	}
}

func TestWhoeverDiesInATakeoverSomebodyServes(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{
		"new-hello", "new-offer", "new-ready", "new-accounts", "new-serving", "new-yours",
		"old-hello", "old-offer", "old-ready", "old-accounts", "old-serving", "old-yours", "old-mine", "new-mine",
	} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			dir, addr := stateDir(t), address()
			old := start(t, dir, stageEnv+"="+stage)
			put(t, old.Client, service("shop", addr, says(t, "here")))
			knocking, stop := context.WithCancel(t.Context())
			refused := make(chan error, 1)
			go func() { refused <- knock(knocking, addr) }()
			dies := stageEnv + "="
			if strings.HasPrefix(stage, "new") {
				dies += stage
			}
			next := launch(t, dir, takeoverEnv+"=1", dies)
			if strings.HasPrefix(stage, "old") {
				old.cmd.Wait()
				next.inCharge()
			} else {
				next.cmd.Wait()
			}
			survivor := &old
			if strings.HasPrefix(stage, "old") {
				survivor = &next
			}
			stop()
			err := <-refused
			switch stage {
			case "new-mine": // it was in charge already: an ordinary death
				again := start(t, dir)
				old.ended() // its last account was read
				survivor = &again
			case "old-hello": // nothing was offered yet: the other one starts by itself
			default:
				if err != nil {
					t.Errorf("nobody listened: %v", err)
				}
			}
			expect(t, addr, "here")
			h, err := (*survivor).Health(t.Context())
			if err != nil || h.PID != (*survivor).cmd.Process.Pid || h.Generation != 1 {
				t.Fatalf("in charge is %+v, %v", h, err)
			}
			// It takes orders, keeps accounts, and can be taken over again.
			put(t, (*survivor).Client, service("shop", addr, says(t, "there")))
			stats, err := (*survivor).Stats(t.Context(), "shop")
			if err != nil || stats.Sides.Blue.Counters.Answered < 1 {
				t.Errorf("accounts %+v, %v", stats.Sides.Blue, err)
			}
			takeOverFrom(t, dir)
			expect(t, addr, "there")
		})
	}
}

// knock connects again and again, and returns the first refusal.
func knock(ctx context.Context, addr string) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		c.Close()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
