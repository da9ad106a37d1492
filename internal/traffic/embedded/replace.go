package embedded

import (
	"context"
	"fmt"
	"time"

	"cutover/internal/proxy/admin"
)

// Replace starts the program with more arguments, which have to make it take
// over from the proxy that runs, and returns when the new process is the one
// that answers. After an error the one before goes on.
func (p *Process) Replace(ctx context.Context, more ...string) (admin.Health, error) {
	within := p.Within
	if within <= 0 {
		within = defaultWithin
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	begin, err := p.logSize()
	if err != nil {
		return admin.Health{}, fmt.Errorf("replace proxy: %w", err)
	}
	command := append(append([]string(nil), p.Command...), more...)
	child, exited, err := p.start(command)
	if err != nil {
		return admin.Health{}, fmt.Errorf("replace proxy: %w", err)
	}
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		h, err := p.health(ctx)
		if err == nil && h.PID == child.Pid {
			return h, nil
		}
		select {
		case <-tick.C:
		case end := <-exited:
			return h, fmt.Errorf("replace proxy: the new process ended (%v), process %d goes on; the log %s ends: %s", end, h.PID, p.LogPath, p.tail(begin))
		case <-ctx.Done():
			// A takeover gives up by itself before this; whoever is in charge then
			// is not to be killed from here.
			return h, fmt.Errorf("replace proxy: process %d is not in charge in time, process %d answers; the log %s ends: %s", child.Pid, h.PID, p.LogPath, p.tail(begin))
		}
	}
}
