package nginx

import (
	"net/netip"

	"cutover/internal/release"
	"cutover/internal/traffic/sockets"
)

// flight is what is under way, by the connections that the workers hold.
type flight struct {
	// to counts connections to each address.
	to map[netip.AddrPort]int
	// loose are connections of clients, at workers that are leaving, without a
	// request that could be seen: one of them may still send it.
	loose int
}

// look counts. Where the sockets of a worker may not be seen, each that is
// leaving counts as a connection that may still send a request.
func look(c crew) (flight, error) {
	f := flight{to: map[netip.AddrPort]int{}}
	table, err := sockets.Table(c.master)
	if err != nil {
		return f, err
	}
	doors := map[uint16]bool{}
	for _, e := range table {
		if e.Listening {
			doors[e.Local.Port()] = true
		}
	}
	for _, p := range c.current {
		f.count(p, table, doors, false)
	}
	for _, p := range c.leaving {
		f.count(p, table, doors, true)
	}
	return f, nil
}

func (f *flight) count(p sockets.Process, table []sockets.Entry, doors map[uint16]bool, leaving bool) {
	owned, err := sockets.Owned(p.PID)
	if err != nil {
		if _, _, runs := sockets.Stat(p.PID); leaving && runs {
			f.loose++
		}
		return
	}
	clients, onward := 0, 0
	for _, e := range table {
		switch {
		case !e.Open || !owned[e.Inode]:
		case doors[e.Local.Port()]:
			clients++
		default:
			onward++
			f.to[e.Remote]++
		}
	}
	if leaving && clients > onward {
		f.loose += clients - onward
	}
}

// of is what is in flight on one side. Loose connections belong to a side that
// has no weight now: only there it matters what comes through old workers.
func (f flight) of(side release.SideRoute, former []release.Endpoint) (requests int, load []release.Load) {
	seen := map[netip.AddrPort]bool{}
	add := func(e release.Endpoint, always bool) {
		at, err := netip.ParseAddrPort(e.Addr)
		if err != nil || seen[at] {
			return
		}
		seen[at] = true
		n := f.to[at]
		if n > 0 || always {
			load = append(load, release.Load{ID: e.ID, Requests: n})
			requests += n
		}
	}
	for _, e := range side.Endpoints {
		add(e, true)
	}
	for _, e := range former {
		add(e, false)
	}
	if side.Weight == release.None && len(seen) > 0 {
		requests += f.loose
	}
	return requests, load
}
