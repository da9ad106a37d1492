package switching

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/testkit"

	"github.com/coder/websocket"
)

const (
	addrVariable = "BENCH_ADDR"
	logVariable  = "BENCH_LOG"
	sideVariable = "BENCH_SIDE"
)

// slowFor is how long a slow request takes.
const slowFor = 2 * time.Second

// app is one side: a process that logs each request, with the time of its
// arrival, before it answers.
type app struct {
	b       *testing.B
	side    release.Side
	at      release.Endpoint
	log     string
	process *testkit.Process
}

func newApp(b *testing.B, side release.Side) *app {
	b.Helper()
	addr := testkit.FreeAddr(b)
	a := &app{b: b, side: side, at: release.Endpoint{ID: string(side), Addr: addr}, log: b.TempDir() + "/requests.log"}
	a.start()
	return a
}

func (a *app) start() {
	a.b.Helper()
	a.process = testkit.Start(a.b, "app", addrVariable+"="+a.at.Addr, logVariable+"="+a.log, sideVariable+"="+string(a.side))
	testkit.Await(a.b, "the side "+string(a.side), func() bool {
		res, err := http.Get("http://" + a.at.Addr + "/")
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	})
}

// arrival is one line of a side's log.
type arrival struct {
	side release.Side
	id   string
	at   time.Time
}

// arrivals reads the log: the file survives a kill of the process, for each
// line is one write.
func (a *app) arrivals() []arrival {
	a.b.Helper()
	text, err := os.ReadFile(a.log)
	if err != nil {
		a.b.Fatal(err)
	}
	var all []arrival
	for line := range strings.Lines(string(text)) {
		id, at, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		ns, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			a.b.Fatalf("%s: %q: %v", a.log, line, err)
		}
		if id != "" {
			all = append(all, arrival{a.side, id, time.Unix(0, ns)})
		}
	}
	return all
}

// runApp is the process of a side.
func runApp(ctx context.Context) error {
	log, err := os.OpenFile(os.Getenv(logVariable), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer log.Close()
	server := &http.Server{Addr: os.Getenv(addrVariable), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := fmt.Fprintf(log, "%s\t%d\n", r.Header.Get("X-Request-Id"), time.Now().UnixNano())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("X-App-Version", os.Getenv(sideVariable))
		serve(w, r)
	})}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	return server.ListenAndServe()
}

func serve(w http.ResponseWriter, r *http.Request) {
	answer := map[string]any{"id": r.Header.Get("X-Request-Id")}
	switch r.URL.Path {
	case "/slow":
		select {
		case <-time.After(slowFor):
		case <-r.Context().Done():
			return
		}
	case "/upload":
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return
		}
		answer["bytes"] = n
	case "/events":
		events(w, r)
		return
	case "/ws":
		talk(w, r)
		return
	}
	// The users check that an order is answered with its own id.
	_ = json.NewEncoder(w).Encode(answer)
}

const beat = 500 * time.Millisecond

func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	for n := 1; ; n++ {
		fmt.Fprintf(w, "data: %d\n\n", n)
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-time.After(beat):
		case <-r.Context().Done():
			return
		}
	}
}

// talk sends ticks and echoes what comes.
func talk(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	go func() {
		defer cancel()
		for {
			kind, msg, err := conn.Read(ctx)
			if err != nil || conn.Write(ctx, kind, msg) != nil {
				return
			}
		}
	}()
	for n := 1; conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"tick":%d}`, n)) == nil; n++ {
		select {
		case <-time.After(beat):
		case <-ctx.Done():
			return
		}
	}
}
