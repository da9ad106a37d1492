package cli

import (
	"context"
	"fmt"
	"time"

	"cutover/internal/release"
	"cutover/internal/traffic"
	"cutover/internal/traffic/haproxy"
	"cutover/internal/traffic/nginx"
)

// fronts are the front ends that this program can steer.
func (c *control) fronts() map[string]traffic.Member {
	c.nginx = &nginx.Router{Front: c.front}
	return map[string]traffic.Member{
		traffic.Embedded:      c.router,
		release.NginxDriver:   c.nginx,
		release.HAProxyDriver: &haproxy.Router{Front: c.front},
	}
}

// foreignLimit bounds the look at a front end that is not cutover's own.
const foreignLimit = 60 * time.Second

// isForeign reports whether the front end is not cutover's own.
func isForeign(f release.Front) bool {
	return f.Driver == release.NginxDriver || f.Driver == release.HAProxyDriver
}

// checkForeign says why the user's own front end could not serve an app.
func checkForeign(ctx context.Context, app string, f release.Front, replicas int) error {
	ctx, cancel := context.WithTimeout(ctx, foreignLimit)
	defer cancel()
	var err error
	if f.Driver == release.NginxDriver {
		err = nginx.Check(ctx, app, f)
	} else {
		err = haproxy.Check(ctx, f, replicas)
	}
	if err != nil {
		return fmt.Errorf("spec.traffic of %s cannot be served by %s: %w", app, f.Driver, err)
	}
	return nil
}
