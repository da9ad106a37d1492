package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/release"
)

// place is an address that belongs to an app which is deployed here.
type place struct {
	addr string
	what string
	// users says that users are answered there. Whatever is not, still shares
	// the app's state.
	users bool
}

// productionLimit bounds the look at what serves.
const productionLimit = 15 * time.Second

// notProduction refuses an address at which users are answered: that of an app's
// front, or of an instance of a side with traffic that is not the private one.
// With writes it refuses every address of an app that is deployed here, since
// all of its instances share its state.
func (s *session) notProduction(ctx context.Context, flag, addr string, writes bool) error {
	ctx, cancel := context.WithTimeout(ctx, productionLimit)
	defer cancel()
	places, err := s.places(ctx)
	if err != nil {
		return usage("%s %s: it cannot be told whether users are answered there: %w", flag, addr, err)
	}
	for _, p := range places {
		same, err := sameAddress(ctx, addr, p.addr)
		switch {
		case err != nil:
			return usage("%s %s: %w", flag, addr, err)
		case same && p.users:
			return usage("%s %s is %s, where users are answered; name an instance for a rehearsal, or the private address of a side being brought in", flag, addr, p.what)
		case same && writes:
			return usage("%s %s is %s, which shares its state with what users have; --writes needs an instance with a state of its own", flag, addr, p.what)
		}
	}
	return nil
}

// places lists the addresses of all apps: as the data plane has them, and as the
// controller sees them, whichever of the two are there.
func (s *session) places(ctx context.Context) ([]place, error) {
	var list []place
	table, err := admin.NewClient(proxy.SocketIn(s.layout().proxy())).Table(ctx)
	if err != nil && !nobodyThere(err) {
		return nil, err
	}
	for _, one := range table.Services {
		list = append(list, placesOf(one.App, one.Route)...)
	}
	c := s.client()
	apps, err := c.Apps(ctx)
	if err != nil && !isAbsent(err) {
		return nil, err
	}
	for _, a := range apps {
		name := a.Active
		if name == "" {
			name = a.Plan.Release
		}
		if name == "" {
			continue
		}
		v, err := c.View(ctx, name)
		if err != nil {
			return nil, err
		}
		seen := v.World.Traffic
		r := release.Route{Front: v.State.Plan.Front, Private: seen.Private}
		r.Sides.Blue = release.SideRoute{Weight: seen.Sides.Blue.Weight, Endpoints: seen.Sides.Blue.Endpoints}
		r.Sides.Green = release.SideRoute{Weight: seen.Sides.Green.Weight, Endpoints: seen.Sides.Green.Endpoints}
		list = append(list, placesOf(a.App, r)...)
		list = append(list, instancesOf(a.App, v.World.Sides)...)
	}
	return list, nil
}

// placesOf lists the addresses of a route.
func placesOf(app string, r release.Route) []place {
	list := []place{{r.Front.Listen, "the front of " + app, true}}
	if r.Front.PrivateListen != "" {
		list = append(list, place{r.Front.PrivateListen, "the private address of " + app, false})
	}
	for _, side := range []release.Side{release.Blue, release.Green} {
		to := r.Sides.Of(side)
		for _, e := range to.Endpoints {
			list = append(list, place{e.Addr, fmt.Sprintf("an instance of %s on %s", app, side), to.Weight > release.None && side != r.Private})
		}
	}
	return list
}

// instancesOf lists the addresses of what runs, whether or not it is routed.
func instancesOf(app string, sides release.Sides[release.Instances]) []place {
	var list []place
	for _, side := range []release.Side{release.Blue, release.Green} {
		for _, i := range sides.Of(side).List {
			if i.Addr != "" {
				list = append(list, place{i.Addr, fmt.Sprintf("an instance of %s on %s", app, side), false})
			}
		}
	}
	return list
}

// nobodyThere reports whether no data plane runs, so that it serves nobody.
func nobodyThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist)
}

// sameAddress reports whether host:port addr reaches what listens on another.
func sameAddress(ctx context.Context, addr, listen string) (bool, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false, fmt.Errorf("want host:port: %w", err)
	}
	at, on, err := net.SplitHostPort(listen)
	if err != nil {
		return false, nil // nobody could reach that
	}
	wanted, err := net.DefaultResolver.LookupPort(ctx, "tcp", port)
	if err != nil {
		return false, fmt.Errorf("want host:port: %w", err)
	}
	if have, err := net.DefaultResolver.LookupPort(ctx, "tcp", on); err != nil || have != wanted {
		return false, nil
	}
	mine, err := addresses(ctx, host)
	if err != nil {
		return false, err
	}
	theirs, err := addresses(ctx, at)
	if err != nil {
		return false, fmt.Errorf("look up %s, where an app listens: %w", at, err)
	}
	for a := range mine {
		if theirs[a] {
			return true, nil
		}
	}
	return false, nil
}

// addresses returns what a host stands for; none, and what means any, is every
// address of this machine.
func addresses(ctx context.Context, host string) (map[netip.Addr]bool, error) {
	all := map[netip.Addr]bool{}
	if ip, err := netip.ParseAddr(host); host != "" && (err != nil || !ip.IsUnspecified()) {
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return nil, fmt.Errorf("find the host: %w", err)
		}
		for _, ip := range found {
			if all[ip.Unmap().WithZone("")] = true; ip.IsLoopback() {
				loop(all)
			}
		}
		return all, nil
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list the addresses of this machine: %w", err)
	}
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			all[p.Addr().Unmap().WithZone("")] = true
		}
	}
	loop(all)
	return all, nil
}

// loop adds both addresses of this machine to itself: a name may stand for
// either, as programs ask for it.
func loop(all map[netip.Addr]bool) {
	all[netip.AddrFrom4([4]byte{127, 0, 0, 1})], all[netip.IPv6Loopback()] = true, true
}
