package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"
	"time"

	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/keyring"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// frontWait bounds how long a data plane that is just starting is waited for.
const frontWait = 20 * time.Second

// checkFront says why users could not reach an app as its front asks: another
// app has the same address and hosts, or another program the address. A data
// plane that does not answer in time leaves it open.
func checkFront(ctx context.Context, l layout, app string, f release.Front) error {
	table, known := servedTable(ctx, l)
	if !known {
		return nil
	}
	return frontFits(ctx, table, app, f)
}

func frontFits(ctx context.Context, table route.Table, app string, f release.Front) error {
	if err := table.With(route.Service{App: app, Route: release.Route{Front: f}}).Check(); err != nil {
		return fmt.Errorf("spec.traffic of %s cannot be served: %w", app, err)
	}
	addrs := []string{f.Listen, f.PrivateListen}
	if f.TLS != nil {
		addrs = append(addrs, f.TLS.Redirect)
		served, _ := table.Service(app)
		if err := keyring.Readable(f.TLS, served.Route.Front.TLS, time.Now()); err != nil {
			return fmt.Errorf("spec.traffic of %s cannot be served: %w", app, err)
		}
	}
	for _, addr := range addrs {
		if addr == "" || slices.Contains(table.Listens(), addr) {
			continue
		}
		if err := canListen(ctx, addr); err != nil {
			return err
		}
	}
	return nil
}

// servedTable reads the data plane's table, waiting for it to start.
func servedTable(ctx context.Context, l layout) (route.Table, bool) {
	ctx, cancel := context.WithTimeout(ctx, frontWait)
	defer cancel()
	client := admin.NewClient(proxy.SocketIn(l.proxy()))
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		table, err := client.Table(ctx)
		if err == nil {
			return table, true
		}
		select {
		case <-ctx.Done():
			return route.Table{}, false
		case <-tick.C:
		}
	}
}

// canListen says why an address cannot be opened, and what to do about it.
func canListen(ctx context.Context, addr string) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err == nil {
		return l.Close()
	}
	_, port, _ := net.SplitHostPort(addr)
	cure := "choose another address in spec.traffic"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		cure = fmt.Sprintf("another program has it; see which with: ss -ltnp 'sport = :%s', stop that, or %s", port, cure)
	case errors.Is(err, syscall.EACCES):
		cure = "ports below 1024 need the capability CAP_NET_BIND_SERVICE; grant it, or " + cure
	}
	return fmt.Errorf("users cannot be served on %s: %w: %s", addr, err, cure)
}
