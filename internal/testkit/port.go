package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// Ports are taken below the range the kernel draws client ports from, so
// that no outgoing connection of a test can take one in the meantime.
const (
	lowestPort  = 18000
	highestPort = 32000
)

var handedOut = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// FreeAddr returns a loopback address, host:port, on which nothing listens
// and which this process has not handed out before. Other processes may
// still take it; a server that can listen on port 0 and tell its address
// needs no FreeAddr.
func FreeAddr(t testing.TB) string {
	t.Helper()
	handedOut.Lock()
	defer handedOut.Unlock()
	for range 1000 {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		if handedOut.ports[port] || !canListen(addr) {
			continue
		}
		handedOut.ports[port] = true
		return addr
	}
	t.Fatalf("no free port between %d and %d in 1000 tries", lowestPort, highestPort)
	return ""
}

func canListen(addr string) bool {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
