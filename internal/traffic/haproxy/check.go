package haproxy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"cutover/internal/release"
	"cutover/internal/traffic/sockets"
)

// Check says why HAProxy could not serve replicas instances a side as the front
// asks: its socket does not answer, or its configuration lacks what
// docs/fronts.md shows. It changes nothing.
func Check(ctx context.Context, f release.Front, replicas int) error {
	h := f.HAProxy
	s, err := see(ctx, h)
	if err != nil {
		return err
	}
	// Whoever may look may not yet change anything.
	if err := wire(h.Socket).admin(ctx); err != nil {
		return err
	}
	for _, side := range []release.Side{release.Blue, release.Green} {
		if n := len(*s.slots.Of(side)); n < replicas {
			return fmt.Errorf("the backend %s of HAProxy has %d servers for %d replicas: give its server-template twice as many as there are replicas", backend(h, side), n, replicas)
		}
	}
	for _, path := range []string{h.Map, h.State} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return fmt.Errorf("HAProxy's %s cannot be kept: %w", path, err)
		}
		t, err := os.CreateTemp(filepath.Dir(path), ".cutover-*")
		if err != nil {
			return fmt.Errorf("HAProxy's %s cannot be kept: %w: let the user of cutover write its folder", path, err)
		}
		_ = t.Close()
		_ = os.Remove(t.Name())
	}
	if err := sockets.Answers(ctx, f.Listen); err != nil {
		return fmt.Errorf("HAProxy does not take the requests of users: %w: correct spec.traffic.listen, or `bind %s` in its frontend", err, f.Listen)
	}
	return nil
}
