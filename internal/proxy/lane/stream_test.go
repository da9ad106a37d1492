package lane

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"cutover/internal/release"

	"github.com/coder/websocket"
)

// events serves text/event-stream: one event, then what the test says.
func events(t *testing.T, then func(w http.ResponseWriter, r *http.Request)) *stage {
	t.Helper()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		io.WriteString(w, "data: 1\n\n")
		http.NewResponseController(w).Flush()
		then(w, r)
	})
	return newStage(t, b.URL)
}

// listen opens the stream, waits for the first event and for its entry in
// the books.
func (s *stage) listen(ctx context.Context) io.ReadCloser {
	s.t.Helper()
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url, nil)
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { res.Body.Close() })
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	if err != nil || line != "data: 1\n" {
		s.t.Fatalf("first event %q, %v", line, err)
	}
	if r := s.blue(); r.Streams != 1 || r.Requests != 0 {
		s.t.Fatalf("an open stream is booked as %+v", r)
	}
	return res.Body
}

func TestEventsArriveAtOnceAndAStreamMayEndByItself(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	s := events(t, func(w http.ResponseWriter, r *http.Request) {
		// The first event reached the client before this one is even made.
		<-next
		io.WriteString(w, "data: 2\n\n")
	})
	body := s.listen(t.Context())
	close(next)
	if rest, err := io.ReadAll(body); err != nil {
		t.Errorf("after %q: %v", rest, err)
	}
	s.settled(release.Counters{Accepted: 1, Answered: 1})
}

func TestAStreamTheClientLeavesIsNotCut(t *testing.T) {
	t.Parallel()
	s := events(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, leave := context.WithCancel(t.Context())
	s.listen(ctx)
	leave()
	s.settled(release.Counters{Accepted: 1, ClientGone: 1})
}

func TestAStreamTheAppDropsIsLostAndCut(t *testing.T) {
	t.Parallel()
	drop := make(chan struct{})
	s := events(t, func(w http.ResponseWriter, r *http.Request) {
		<-drop
		panic(http.ErrAbortHandler)
	})
	body := s.listen(t.Context())
	close(drop)
	if _, err := io.ReadAll(body); err == nil {
		t.Error("the client saw a proper end")
	}
	s.settled(release.Counters{Accepted: 1, Lost: 1, CutStreams: 1})
}

func TestAStreamClosedOnOrderEndsProperlyAndIsReportedAsClosed(t *testing.T) {
	t.Parallel()
	s := events(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	body := s.listen(t.Context())
	if n := s.board.CloseStreams(t.Context(), "shop", release.Blue, nil, 0); n != 1 {
		t.Fatalf("%d streams are being closed", n)
	}
	if _, err := io.ReadAll(body); err != nil {
		t.Errorf("the client got %v instead of a proper end", err)
	}
	s.settled(release.Counters{Accepted: 1, Answered: 1, ClosedStreams: 1})
}

// echo serves a WebSocket that sends every message back, says goodbye when
// told "bye" and hangs up without a word when told "die".
func echo(t *testing.T) *stage {
	t.Helper()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			kind, msg, err := c.Read(r.Context())
			switch {
			case err != nil, string(msg) == "die":
				return
			case string(msg) == "bye":
				c.Close(websocket.StatusNormalClosure, "")
				return
			}
			if c.Write(r.Context(), kind, msg) != nil {
				return
			}
		}
	})
	return newStage(t, b.URL)
}

func (s *stage) dial() *websocket.Conn {
	s.t.Helper()
	c, _, err := websocket.Dial(s.t.Context(), s.url, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.CloseNow() })
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute)
	defer cancel()
	long := make([]byte, 20_000)
	for _, msg := range []string{"hello", string(long)} {
		if err := c.Write(ctx, websocket.MessageText, []byte(msg)); err != nil {
			s.t.Fatal(err)
		}
		if _, got, err := c.Read(ctx); err != nil || string(got) != msg {
			s.t.Fatalf("got %d bytes, %v", len(got), err)
		}
	}
	if r := s.blue(); r.Streams != 1 || r.Requests != 0 {
		s.t.Fatalf("an open WebSocket is booked as %+v", r)
	}
	return c
}

func TestAWebSocketEndsAsItWasEnded(t *testing.T) {
	t.Parallel()
	say := func(text string) func(s *stage, c *websocket.Conn) {
		return func(s *stage, c *websocket.Conn) {
			c.Write(s.t.Context(), websocket.MessageText, []byte(text))
			c.Read(s.t.Context())
		}
	}
	cases := map[string]struct {
		end  func(s *stage, c *websocket.Conn)
		want release.Counters
	}{
		"the client says goodbye": {
			func(s *stage, c *websocket.Conn) { c.Close(websocket.StatusNormalClosure, "") },
			release.Counters{Accepted: 1, Answered: 1}},
		"the client vanishes": {
			func(s *stage, c *websocket.Conn) { c.CloseNow() },
			release.Counters{Accepted: 1, ClientGone: 1}},
		"the app says goodbye": {
			say("bye"), release.Counters{Accepted: 1, Answered: 1}},
		"the app dies": {
			say("die"), release.Counters{Accepted: 1, Lost: 1, CutStreams: 1}},
		"the proxy is told to end it": {
			func(s *stage, c *websocket.Conn) {
				s.board.CloseStreams(s.t.Context(), "shop", release.Blue, nil, 0)
				_, _, err := c.Read(s.t.Context())
				if websocket.CloseStatus(err) != websocket.StatusServiceRestart {
					s.t.Errorf("the client got %v, want close status 1012", err)
				}
			},
			release.Counters{Accepted: 1, Answered: 1, ClosedStreams: 1}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := echo(t)
			c.end(s, s.dial())
			s.settled(c.want)
			if s.blue().Latency["1xx"].Count != 1 {
				t.Errorf("latency %v", s.blue().Latency)
			}
		})
	}
}
