package nginx

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"cutover/internal/release"
	"cutover/internal/traffic/sockets"
)

// How nginx calls its processes.
const (
	masterTitle  = "nginx: master process"
	workerTitle  = "nginx: worker process"
	leavingTitle = "nginx: worker process is shutting down"
)

// standardPID is where the packages of most systems have the number.
const standardPID = "/run/nginx.pid"

// crew is the processes of one nginx at one moment.
type crew struct {
	master int
	// current workers take new requests, leaving ones finish what they have.
	current, leaving []sockets.Process
}

// muster finds the processes. An error means that nothing is known of them.
func muster(n release.Nginx) (crew, error) {
	path := n.PID
	if path == "" {
		path = standardPID
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return crew{}, fmt.Errorf("find nginx: %w: is it running? correct spec.traffic.nginx.pid if its pid file lies elsewhere", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return crew{}, fmt.Errorf("find nginx: %s holds no process number: start nginx", path)
	}
	if title := sockets.Title(pid); !strings.HasPrefix(title, masterTitle) {
		return crew{}, fmt.Errorf("find nginx: process %d, which %s names, is not its master process: start nginx", pid, path)
	}
	children, err := sockets.Children(pid)
	if err != nil {
		return crew{}, fmt.Errorf("find the workers of nginx: %w", err)
	}
	c := crew{master: pid}
	for _, p := range children {
		switch title := sockets.Title(p.PID); {
		case strings.HasPrefix(title, leavingTitle):
			c.leaving = append(c.leaving, p)
		case strings.HasPrefix(title, workerTitle):
			c.current = append(c.current, p)
		}
	}
	if len(c.current) == 0 {
		return c, fmt.Errorf("nginx has no worker processes: remove `master_process off` from its configuration if it is there")
	}
	return c, nil
}

// serves reports whether a worker of this number takes requests.
func (c crew) serves(pid int) bool {
	for _, p := range c.current {
		if p.PID == pid {
			return true
		}
	}
	return false
}

// meets reports whether a worker of another moment still takes requests.
func (c crew) meets(before crew) bool {
	for _, p := range before.current {
		for _, q := range c.current {
			if p == q {
				return true
			}
		}
	}
	return false
}
