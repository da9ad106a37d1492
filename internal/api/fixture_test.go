package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/engine"
	"cutover/internal/release"
	"cutover/internal/store"
	"cutover/internal/store/memory"
)

// nowhere is a world that cannot be observed: a release waits in preflight.
type nowhere struct{}

var errNowhere = errors.New("there is nothing here")

func (nowhere) Start(context.Context, release.StartOrder) error         { return errNowhere }
func (nowhere) Stop(context.Context, release.StopOrder) error           { return errNowhere }
func (nowhere) Route(context.Context, release.RouteOrder) error         { return errNowhere }
func (nowhere) CloseStreams(context.Context, release.StreamOrder) error { return errNowhere }

type nowherePlatform struct{ nowhere }

func (nowherePlatform) Observe(context.Context, string) ([]release.Instance, error) {
	return nil, errNowhere
}

type nowhereFront struct{ nowhere }

func (nowhereFront) Observe(context.Context, string) (release.Traffic, error) {
	return release.Traffic{}, errNowhere
}

// planner makes plans of files that only name the release and its version, as
// in "r1:v1", and of none else.
type planner struct{}

func (p planner) Draft(ctx context.Context, f Files) (release.Plan, error) { return p.Plan(ctx, f) }

func (planner) Plan(_ context.Context, f Files) (release.Plan, error) {
	name, version, ok := strings.Cut(f.Release, ":")
	if !ok {
		return release.Plan{}, errors.New("app.yaml:3:1: unknown key \"relase\", did you mean \"release\"?")
	}
	return release.Plan{Release: name, App: "shop", Replicas: 1, To: release.Target{Version: version, Side: release.Blue, Digest: version},
		Tries: release.Tries{Most: 3, Pause: time.Second, MaxPause: time.Second}}, nil
}

// desk is a server on a socket with a real engine behind it.
type desk struct {
	*Client
	engine  *engine.Engine
	journal *memory.Store
	socket  string
	close   func() error
}

// newSocket returns a path short enough for a socket.
func newSocket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "api")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// remember has events of release r0 of the shop in the journal already.
func remember(t *testing.T, st *memory.Store, past []release.Event) {
	t.Helper()
	lease, err := st.Acquire(t.Context(), "before", time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var records []store.Record
	for _, ev := range past {
		data, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, store.Record{App: "shop", Release: "r0", Type: ev.Name(), Version: 1, At: time.Now(), Actor: "before", Data: data})
	}
	if _, err := st.Append(t.Context(), lease, 0, records, nil); err != nil {
		t.Fatal(err)
	}
	if err := st.Yield(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
}

// open serves an engine that leads, or one that only stands by, with a past.
func open(t *testing.T, leading bool, past ...release.Event) *desk {
	t.Helper()
	st := &memory.Store{}
	if len(past) > 0 {
		remember(t, st, past)
	}
	e := engine.New(engine.Config{Platform: nowherePlatform{}, Traffic: nowhereFront{}, Journal: st, Leases: st, Owner: "one"})
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	if leading {
		go func() { ran <- e.Run(ctx) }()
	} else {
		close(ran)
	}
	socket := newSocket(t)
	l, err := Listen(socket, nil)
	if err != nil {
		t.Fatal(err)
	}
	srv := &Server{Reader: e, Writer: e, Planner: planner{}, Trail: JournalTrail{st}, Info: Info{Version: "test", PID: os.Getpid()}}
	served := make(chan error, 1)
	serving, stop := context.WithCancel(context.Background())
	go func() { served <- srv.Serve(serving, l) }()
	d := &desk{Client: NewClient(socket), engine: e, journal: st, socket: socket}
	d.close = sync.OnceValue(func() error {
		stop()
		return <-served
	})
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Errorf("Serve ended with %v", err)
		}
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
	if leading {
		d.untilLeading(t)
	}
	return d
}

func (d *desk) untilLeading(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); ; {
		if _, leading := d.engine.Leading(); leading {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it does not lead")
		}
	}
}

// deploy has a release on record.
func (d *desk) deploy(t *testing.T, name string) Deployed {
	t.Helper()
	got, err := d.Deploy(t.Context(), Files{Release: name + ":v1"})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// raw sends a request as any program might, and returns the status and what
// the answer says.
func (d *desk) raw(t *testing.T, method, path, body string) (int, Failure) {
	t.Helper()
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", d.socket)
		}}}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://cutover"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var f Failure
	if resp.StatusCode != http.StatusOK && json.Unmarshal(text, &f) != nil {
		f.Error = string(text)
	}
	return resp.StatusCode, f
}

// answered fails the test unless err is the controller's answer with a status,
// kind and words.
func answered(t *testing.T, err error, code int, kind string, words ...string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("it was %v, want an answer with status %d", err, code)
		return
	}
	if e.Code != code || e.Kind != kind {
		t.Errorf("it was answered %d %s (%s), want %d %s", e.Code, e.Kind, e.Failure.Error, code, kind)
	}
	for _, w := range words {
		if !strings.Contains(e.Error(), w) {
			t.Errorf("the answer %q does not say %q", e.Error(), w)
		}
	}
}
