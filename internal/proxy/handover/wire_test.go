package handover

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const longEnough = 30 * time.Second

// pair returns both ends of a conversation; the second is still bare.
func pair(t *testing.T, patience time.Duration) (*Wire, *net.UnixConn) {
	t.Helper()
	dir, err := os.MkdirTemp("", "handover-") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	w, err := Dial(t.Context(), path, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	bare, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bare.Close() })
	return w, bare.(*net.UnixConn)
}

func wires(t *testing.T) (*Wire, *Wire) {
	t.Helper()
	a, bare := pair(t, longEnough)
	b, err := New(bare, longEnough)
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

type word struct{ Word string }

func TestAListenerThatIsHandedOverAcceptsAtTheOtherEndAndStaysOpenAtThisOne(t *testing.T) {
	t.Parallel()
	a, b := wires(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := a.Send(word{"offer"}, ln.(*net.TCPListener)); err != nil {
		t.Fatal(err)
	}
	var said word
	files, err := b.Receive(&said)
	if err != nil || said.Word != "offer" || len(files) != 1 {
		t.Fatalf("heard %q with %d files, %v", said.Word, len(files), err)
	}
	other, err := net.FileListener(files[0])
	if err := errors.Join(err, CloseAll(files)); err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, accepts := range []net.Listener{other, ln} {
		caller, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer caller.Close()
		accepts.(*net.TCPListener).SetDeadline(time.Now().Add(longEnough))
		c, err := accepts.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
}

func TestMoreFilesThanOneMessageOfTheKernelCarriesArriveInTheirOrder(t *testing.T) {
	t.Parallel()
	a, b := wires(t)
	path := filepath.Join(t.TempDir(), "file")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	all := []syscall.Conn{file}
	for range maxFiles {
		all = append(all, null)
	}
	all = append(all, file)
	sent := make(chan error, 1)
	go func() { sent <- a.Send(word{"many"}, all...) }()
	var said word
	files, err := b.Receive(&said)
	if err := errors.Join(err, <-sent); err != nil || len(files) != len(all) {
		t.Fatalf("%d files came, %v", len(files), err)
	}
	defer CloseAll(files)
	want, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 1, maxFiles, maxFiles + 1} {
		if got, err := files[i].Stat(); err != nil || os.SameFile(got, want) != (i == 0 || i == maxFiles+1) {
			t.Errorf("file %d is another one, %v", i, err)
		}
	}
}

func TestEveryWayToGoAwayIsTheEnd(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]string{"saying nothing": "", "in a head": "\x00\x00", "in a message": "\x00\x00\x00\x09\x00\x00\x00\x00{"} {
		w, bare := pair(t, longEnough)
		io.WriteString(bare, said)
		bare.Close()
		if _, err := w.Receive(&word{}); !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsNotSaidInTimeIsNotTakenForTheEnd(t *testing.T) {
	t.Parallel()
	w, _ := pair(t, 20*time.Millisecond)
	if _, err := w.Receive(&word{}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %v", err)
	}
	if err := w.Last(word{"abort"}); err != nil {
		t.Errorf("a last word is not said any more: %v", err)
	}
}

func TestAMessageThatNoProxyWouldSendIsRefusedUnread(t *testing.T) {
	t.Parallel()
	for name, head := range map[string][2]uint32{"too large": {maxMessage + 1, 0}, "too many files": {2, 1<<16 + 1}} {
		w, bare := pair(t, longEnough)
		bare.Write(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, head[0]), head[1]))
		if _, err := w.Receive(&word{}); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheKernelSaysWhoIsAtTheOtherEnd(t *testing.T) {
	t.Parallel()
	a, b := wires(t)
	if a.Peer() != os.Getpid() || b.Peer() != os.Getpid() {
		t.Errorf("they are %d and %d, this is %d", a.Peer(), b.Peer(), os.Getpid())
	}
}
