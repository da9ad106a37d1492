package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
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
	addrs map[string]bool
}{addrs: map[string]bool{}}

// FreeAddr returns a loopback address, host:port, on which nothing listens
// and which this process has not handed out before. It is one of the sixteen
// million loopback addresses of this machine, so that other processes which
// look for one at the same time hardly ever find the same. A server that can
// listen on port 0 and tell its address needs no FreeAddr.
func FreeAddr(t testing.TB) string {
	t.Helper()
	handedOut.Lock()
	defer handedOut.Unlock()
	for range 1000 {
		addr := fmt.Sprintf("127.%d.%d.%d:%d", 1+rand.IntN(250), rand.IntN(250), 1+rand.IntN(250), lowestPort+rand.IntN(highestPort-lowestPort))
		if handedOut.addrs[addr] || !canListen(addr) {
			continue
		}
		handedOut.addrs[addr] = true
		return addr
	}
	t.Fatalf("no free port between %d and %d in 1000 tries", lowestPort, highestPort)
	return ""
}

// probedFork makes package os fork the child by which it learns, once in a
// process and without ForkLock, whether the kernel has pidfd.
var probedFork = sync.OnceFunc(func() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Release()
	}
})

// canListen tries it. No process may be forked meanwhile: until it runs its
// program the child would hold the listener too, and keep the address taken.
func canListen(addr string) bool {
	probedFork()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
