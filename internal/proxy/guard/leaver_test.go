package guard

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cutover/internal/release"
)

type counted struct{ times atomic.Int64 }

func (c *counted) Left() { c.times.Add(1) }

// guarded is a connection with a guard, in which a request was read that is
// being answered, and the client's end of it.
func guarded(t *testing.T) (*Conn, net.Conn) {
	t.Helper()
	h := &hall{conns: make(chan net.Conn, 1)}
	mine, its := net.Pipe()
	t.Cleanup(func() { mine.Close(); its.Close() })
	h.conns <- caller{its, public}
	accepted, err := Listen(h, fixed{limits: release.Limits{}}, &Tally{}).Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := accepted.(*Conn)
	const head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	go io.WriteString(mine, head)
	if _, err := io.ReadFull(c, make([]byte, len(head))); err != nil {
		t.Fatal(err)
	}
	return c, mine
}

func TestWhoIsToldOfAClientThatLeavesIsToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, client := guarded(t)
		var told, spared counted
		if !c.Tell(&told) || !c.Tell(&spared) || !c.Spare(&spared) || c.Spare(&spared) {
			t.Error("what was taken back once cannot be taken back again")
		}
		client.Close()
		start := time.Now()
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%d bytes were read, %v", n, err)
		}
		if took := time.Since(start); took > 2*lingerFor {
			t.Errorf("it was noticed after %v", took)
		}
		c.Close()
		if told.times.Load() != 1 || spared.times.Load() != 0 || c.Spare(&told) {
			t.Errorf("told %d times, and %d times after it was taken back", told.times.Load(), spared.times.Load())
		}
		var late counted
		if c.Tell(&late); late.times.Load() != 1 || c.Spare(&late) {
			t.Error("who comes after the end is not told")
		}
	})
}

func TestTheServerGetsItsReaderBackAtOnceWhileTheGuardLingers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := guarded(t)
		start, ended := time.Now(), make(chan error)
		go func() {
			_, err := c.Read(make([]byte, 1))
			ended <- err
		}()
		synctest.Wait()
		c.SetReadDeadline(time.Unix(1, 0))
		err := <-ended
		if late, ok := err.(net.Error); !ok || !late.Timeout() || time.Since(start) != 0 {
			t.Errorf("the reader ended with %v after %v", err, time.Since(start))
		}
	})
}
