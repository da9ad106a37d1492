package sample

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

const socketWrite = 5 * time.Second

// socket sends a tick every beat and echoes what it gets. When the instance
// drains it closes the connection with 1001, "going away".
func (s *shop) socket(w http.ResponseWriter, r *http.Request) {
	s.sockets.Add(1)
	defer s.sockets.Done()
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow()
	// The request's context does not outlive the hijack in a useful way: this
	// one ends with the reader, that is, with the client.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	go func() {
		defer cancel()
		echo(ctx, conn)
	}()
	s.tick(ctx, conn)
}

// tick sends until the client is gone or the instance ends.
func (s *shop) tick(ctx context.Context, conn *websocket.Conn) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for n := 1; ; n++ {
		msg := fmt.Sprintf(`{"tick":%d,"version":%q,"instance":%q}`, n, s.version, s.instance)
		if !send(ctx, conn, websocket.MessageText, []byte(msg)) {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		case <-s.broken:
			return
		case <-s.draining:
			_ = conn.Close(websocket.StatusGoingAway, "the shop is closing, come again")
			return
		}
	}
}

// echo returns every message to the client until the connection ends.
func echo(ctx context.Context, conn *websocket.Conn) {
	for {
		kind, msg, err := conn.Read(ctx)
		if err != nil || !send(ctx, conn, kind, msg) {
			return
		}
	}
}

func send(ctx context.Context, conn *websocket.Conn, kind websocket.MessageType, msg []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, socketWrite)
	defer cancel()
	return conn.Write(ctx, kind, msg) == nil
}
