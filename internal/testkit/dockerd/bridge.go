package dockerd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
)

// bridge is a network of this machine that belongs to one daemon, so that
// several can run at a time.
type bridge struct {
	name   string
	number int
	lock   net.Listener
}

// gateway is the bridge that the daemon gets if it joins a swarm.
func (b *bridge) gateway() string { return fmt.Sprintf("cutovergw%d", b.number) }

// newBridge makes the first bridge that nobody else has.
func newBridge() (*bridge, error) {
	var last error
	for n := range 50 {
		// A name of the kernel's own is free as soon as its process is gone.
		lock, err := net.Listen("unix", fmt.Sprintf("@cutover-test-dockerd-%d", n))
		if err != nil {
			last = err
			continue
		}
		b := &bridge{name: fmt.Sprintf("cutover%d", n), number: n, lock: lock}
		if last = b.make(n); last == nil {
			return b, nil
		}
		b.remove()
	}
	return nil, fmt.Errorf("make a bridge: %w", last)
}

func (b *bridge) make(n int) error {
	// One that a killed test has left behind is nobody's: the lock says so.
	_ = ip("link", "delete", b.name)
	_ = ip("link", "delete", b.gateway())
	return errors.Join(
		ip("link", "add", "name", b.name, "type", "bridge"),
		ip("address", "add", fmt.Sprintf("10.213.%d.1/24", 100+n), "dev", b.name),
		ip("link", "set", b.name, "up"))
}

// remove takes the bridge down, and only then lets others have its number.
func (b *bridge) remove() {
	if err := ip("link", "delete", b.name); err != nil {
		fmt.Fprintf(os.Stderr, "remove the bridge of the Docker daemon: %v\n", err)
	}
	// Only the daemon of a swarm has made this one.
	_ = ip("link", "delete", b.gateway())
	_ = b.lock.Close()
}

func ip(args ...string) error {
	program, err := find("ip")
	if err != nil {
		return err
	}
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
