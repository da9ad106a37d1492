package command

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Ports lie below the range from which Linux takes the ports of outgoing
// connections, and above those of the process platform.
const (
	lowestPort  = 30000
	highestPort = 32700
	portTries   = 400
)

// given are the ports this program has given to instances, so that none is
// given twice before anybody listens on it.
var given = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

// takePort returns a loopback port that nobody listens on.
func takePort() (int, error) {
	given.Lock()
	defer given.Unlock()
	for range portTries {
		port := lowestPort + rand.IntN(highestPort-lowestPort+1)
		if !given.ports[port] && canListen(port) {
			given.ports[port] = true
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a port: %d tries between %d and %d found none free on 127.0.0.1", portTries, lowestPort, highestPort)
}

func giveBack(port int) {
	given.Lock()
	defer given.Unlock()
	delete(given.ports, port)
}

func canListen(port int) bool {
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
