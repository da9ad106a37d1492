package process

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"cutover/internal/durable"
)

// Ports lie below the range from which Linux takes the ports of outgoing
// connections: else one of the front's own connections could take the port
// of an instance that is being started again.
const (
	lowestPort  = 20000
	highestPort = 29999
	portTries   = 200
)

// ports hands out loopback ports that nobody listens on and that belong to no
// other slot.
type ports struct {
	at layout

	mu sync.Mutex
	// pending were handed out to launches that are not on record yet.
	pending map[int]bool
}

func newPorts(at layout) *ports { return &ports{at: at, pending: map[int]bool{}} }

// take returns wanted, if it is free and not 0, or else another port. The
// caller must give it back when the launch is on record or has failed.
func (p *ports) take(wanted int) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wanted != 0 && !p.pending[wanted] && canListen(wanted) {
		p.pending[wanted] = true
		return wanted, nil
	}
	taken, err := p.recorded()
	if err != nil {
		return 0, err
	}
	for range portTries {
		port := lowestPort + rand.IntN(highestPort-lowestPort+1)
		if !taken[port] && !p.pending[port] && canListen(port) {
			p.pending[port] = true
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a port: %d tries between %d and %d found none free on 127.0.0.1", portTries, lowestPort, highestPort)
}

func (p *ports) giveBack(port int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pending, port)
}

// recorded returns the ports of all slots of all apps, also of those whose
// process has ended: it will want its port again.
func (p *ports) recorded() (map[int]bool, error) {
	files, err := filepath.Glob(filepath.Join(p.at.apps(), "*", "slots", "*", "process.json"))
	if err != nil {
		return nil, fmt.Errorf("find a port: %w", err)
	}
	taken := map[int]bool{}
	for _, file := range files {
		r, _, err := durable.ReadRecord[slotRun](file)
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		taken[r.Port] = true
	}
	return taken, nil
}

func canListen(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
