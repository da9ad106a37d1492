package embedded

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"

	"github.com/coder/websocket"
)

func TestTwentySwitchesUnderLoadLoseNothingAndNothingReachesTheOldSideAfterwards(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	ensure(t, p)
	w, r := newTown(t), &Router{Client: p.Client}
	blue, green := w.side(release.Blue), w.side(release.Green)
	w.switchTo(r, release.Blue, routeTo(w.addr, release.None, blue, green))
	events, socket := w.follow(), w.dial()

	stop := make(chan struct{})
	crowd := w.crowd(stop)
	for i := range 20 {
		pause := time.NewTimer(150 * time.Millisecond)
		<-pause.C
		if i%2 == 0 {
			w.switchTo(r, release.Green, routeTo(w.addr, release.All, blue, green))
		} else {
			w.switchTo(r, release.Blue, routeTo(w.addr, release.None, blue, green))
		}
	}
	close(stop)
	crowd.Wait()
	w.streamsLive(events, socket)
	w.ledgerAgrees(r)
	for id, n := range w.arrived {
		if n != 1 {
			t.Errorf("%s arrived %d times", id, n)
		}
	}
	if len(w.late) > 0 {
		t.Errorf("%d requests reached the old side after the switch: %v", len(w.late), w.late[0])
	}
	t.Logf("%d requests, %d good, %d walked away", w.sent.Load(), w.good.Load(), w.left.Load())
	if w.sent.Load() < 500 {
		t.Errorf("only %d requests were sent: that is no load", w.sent.Load())
	}
}

func (w *town) switchTo(r *Router, to release.Side, route release.Route) {
	w.t.Helper()
	if w.phase.Load()%2 == 1 {
		w.phase.Add(1)
	}
	if err := r.Route(w.t.Context(), order("shop", 1, route)); err != nil {
		w.t.Fatal(err)
	}
	w.settled.Store(to)
	w.phase.Add(1)
}

func (w *town) follow() *bufio.Reader {
	w.t.Helper()
	w.sent.Add(1)
	res, err := http.DefaultTransport.RoundTrip(w.request(w.t.Context(), "GET", "/events", ""))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { res.Body.Close() })
	return bufio.NewReader(res.Body)
}

func (w *town) dial() *websocket.Conn {
	w.t.Helper()
	w.sent.Add(1)
	header := w.request(w.t.Context(), "GET", "/", "").Header
	c, _, err := websocket.Dial(w.t.Context(), "http://"+w.addr+"/socket", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.CloseNow() })
	return c
}

// streamsLive lets both streams say something, and ends them.
func (w *town) streamsLive(events *bufio.Reader, socket *websocket.Conn) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	if err := socket.Write(ctx, websocket.MessageText, []byte("still there?")); err != nil {
		w.t.Error(err)
	}
	if _, msg, err := socket.Read(ctx); err != nil || string(msg) != "still there?" {
		w.t.Errorf("the WebSocket gave %q, %v", msg, err)
	} else {
		w.good.Add(1)
	}
	socket.Close(websocket.StatusNormalClosure, "")
	close(w.byes)
	if all, err := io.ReadAll(events); err != nil || !strings.HasSuffix(string(all), "data: bye\n\n") {
		w.t.Errorf("the events gave %q, %v", all, err)
	} else {
		w.good.Add(1)
	}
}

// ledgerAgrees compares the proxy's books with what the clients saw.
func (w *town) ledgerAgrees(r *Router) {
	w.t.Helper()
	want := release.Counters{Accepted: uint64(w.sent.Load()), Answered: uint64(w.good.Load()), ClientGone: uint64(w.left.Load())}
	var sum release.Counters
	eventually(w.t, func() bool {
		got, err := r.Observe(w.t.Context(), "shop")
		if err != nil {
			w.t.Fatal(err)
		}
		sum = got.Sides.Blue.Counters.Plus(got.Sides.Green.Counters)
		return sum == want && got.Sides.Blue.Requests+got.Sides.Green.Requests+got.Sides.Blue.Streams+got.Sides.Green.Streams == 0
	}, func() any { return struct{ Got, Want release.Counters }{sum, want} })
}
