package load

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// answering accepts one connection after the other and gives each to serve.
func answering(t *testing.T, serve func(conn net.Conn, in *bufio.Reader)) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn, bufio.NewReader(conn))
			conn.Close()
		}
	}()
	w := &wire{hard: t.Context(), addr: l.Addr().String(), timeout: 10 * time.Second, idleClosed: new(atomic.Uint64)}
	t.Cleanup(func() {
		w.close()
		l.Close()
		<-done
	})
	return w
}

// fetch does one whole exchange and returns the body.
func fetch(w *wire) (string, error) {
	req, err := http.NewRequest("GET", "http://"+w.addr+"/", nil)
	if err != nil {
		return "", err
	}
	if _, err := w.send(req, w.timeout); err != nil {
		return "", err
	}
	resp, err := w.head(req)
	if err != nil {
		return "", err
	}
	body, err := w.rest(resp)
	return string(body), err
}

func TestAConnectionClosedWhileIdleIsReplacedBeforeTheNextRequest(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	served := 0
	w := answering(t, func(conn net.Conn, in *bufio.Reader) {
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		served++
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", served)
		conn.Close()
		closed <- struct{}{}
	})
	for n := 1; n <= 3; n++ {
		got, err := fetch(w)
		if err != nil || got != fmt.Sprint(n) {
			t.Fatalf("request %d: %q, %v", n, got, err)
		}
		<-closed
	}
	if got := w.idleClosed.Load(); got != 2 {
		t.Errorf("%d idle closes noticed, want 2", got)
	}
}

func TestAHealthyConnectionIsUsedAgainEvenAfterItsLastDeadline(t *testing.T) {
	t.Parallel()
	w := answering(t, func(conn net.Conn, in *bufio.Reader) {
		for n := 1; ; n++ {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			fmt.Fprintf(conn, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d", n)
		}
	})
	for n := 1; n <= 3; n++ {
		if got, err := fetch(w); err != nil || got != fmt.Sprint(n) {
			t.Fatalf("request %d: %q, %v", n, got, err)
		}
		if err := w.conn.SetDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.idleClosed.Load(); got != 0 {
		t.Errorf("%d idle closes noticed, want none", got)
	}
}

func TestTheEndOfTheClientEndsWhatWaitsOnAConnection(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	w := answering(t, func(conn net.Conn, in *bufio.Reader) {
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		close(asked)
		_, _ = in.ReadByte() // until the client is gone
	})
	ctx, cancel := context.WithCancel(t.Context())
	w.hard = ctx
	go func() {
		<-asked
		cancel()
	}()
	if got, err := fetch(w); err == nil {
		t.Fatalf("got %q without an answer", got)
	}
}
