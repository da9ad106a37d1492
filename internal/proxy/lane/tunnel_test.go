package lane

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// joined is a WebSocket's tunnel with the other ends of its two connections.
// What the app sends goes to the client as ReverseProxy would carry it, and
// the other way round.
func joined() (t *tunnel, client, app net.Conn) {
	client, front := net.Pipe()
	app, back := net.Pipe()
	t = newTunnel(back, true)
	end := t.attach(front, bufio.NewReader(front))
	go func() {
		_, _ = io.Copy(end, backendEnd{t})
		end.Close()
	}()
	go func() { _, _ = io.Copy(backendEnd{t}, end) }()
	return t, client, app
}

func read(t *testing.T, c net.Conn, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("got %x, %v; want %x", got[:n], err, want)
	}
}

// text is a frame as an app sends it.
func text(s string) []byte { return append([]byte{0x81, byte(len(s))}, s...) }

func TestAGoodbyeWaitsForTheMessageThatIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tunnel, client, app := joined()
		defer client.Close()
		msg := text("hello")
		go func() {
			_, _ = app.Write(msg[:4])
			time.Sleep(partingTimeout / 3)
			_, _ = app.Write(msg[4:])
		}()
		read(t, client, msg[:4])
		go tunnel.cut()
		read(t, client, append(msg[4:], serviceRestart...))
	})
}

func TestAClientThatWasToldGoodbyeMayFinishWhatItIsSaying(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tunnel, client, app := joined()
		go tunnel.cut()
		read(t, client, serviceRestart)
		synctest.Wait()
		if _, err := app.Read(make([]byte, 1)); err == nil {
			t.Error("the app's connection is still open")
		}
		for range 3 {
			time.Sleep(partingTimeout / 5)
			if _, err := client.Write(text("late")); err != nil {
				t.Fatalf("the client, which may not have read so far, gets %v", err)
			}
		}
		client.Close()
		synctest.Wait()
		if _, cut, ordered := tunnel.outcome(); cut || !ordered {
			t.Errorf("cut %t, ordered %t", cut, ordered)
		}
	})
}

func TestAClientThatDoesNotListenIsLeftInTheEnd(t *testing.T) {
	t.Parallel()
	for name, says := range map[string][]byte{"in the middle of a message": text("hello")[:3], "before the goodbye": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tunnel, client, app := joined()
				if says != nil {
					go func() { _, _ = app.Write(says) }()
					read(t, client, says)
				}
				began := time.Now()
				tunnel.cut()
				if took := time.Since(began); took > 2*partingTimeout {
					t.Errorf("it took %s", took)
				}
				if _, err := io.Copy(io.Discard, client); err != nil {
					t.Errorf("its connection is still open: %v", err)
				}
			})
		})
	}
}

func TestATunnelThatIsCutBeforeItsClientCameIsClosedWhenItComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, back := net.Pipe()
		tunnel := newTunnel(back, true)
		tunnel.cut()
		client, front := net.Pipe()
		tunnel.attach(front, bufio.NewReader(front))
		if _, err := client.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("it reads %v", err)
		}
	})
}
