package socket

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// callEnv makes the test binary a caller of the socket it names, which prints
// what it hears.
const callEnv = "CUTOVER_TEST_SOCKET"

func TestMain(m *testing.M) {
	if path := os.Getenv(callEnv); path != "" {
		c, err := net.Dial("unix", path)
		if err != nil {
			fmt.Print(err)
			os.Exit(1)
		}
		c.SetDeadline(time.Now().Add(5 * time.Minute))
		heard, _ := io.ReadAll(c) // an end by reset is an end
		fmt.Printf("%q", heard)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// place is a path short enough for a socket.
func place(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "socket-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s.sock")
}

// greet says hello to everybody who gets in.
func greet(t *testing.T, l net.Listener) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "hello")
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
}

// call returns what a caller hears, or why there is nobody.
func call(path string) string {
	c, err := net.Dial("unix", path)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Minute))
	heard, err := io.ReadAll(c)
	if err != nil {
		return err.Error()
	}
	return string(heard)
}
