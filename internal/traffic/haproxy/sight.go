package haproxy

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"

	"cutover/internal/release"
)

// slot is one server of a backend.
type slot struct {
	name, addr string
	// open lets requests in.
	open bool
	// busy is how many requests and tunnels it has.
	busy int
	id   string
	// place is where it stands in the route, below zero if it has left it.
	place  int
	seated bool
}

// sight is what HAProxy is seen to do at one moment.
type sight struct {
	epoch string
	pid   int
	chart chart
	slots release.Sides[[]slot]
	// backends are the statistics of the two backends.
	backends release.Sides[row]
	dump     release.Sides[string]
}

// The bits of srv_admin_state that keep requests away: by order, by a tracked
// server, by a name that does not resolve.
const closedBits = 0x01 | 0x02 | 0x20

// backend is the name of a side's backend.
func backend(h release.HAProxy, side release.Side) string { return h.Backend + "_" + string(side) }

// see looks at everything.
func see(ctx context.Context, h release.HAProxy) (sight, error) {
	w, s := wire(h.Socket), sight{}
	info, err := w.info(ctx)
	if err != nil {
		return s, err
	}
	s.epoch = epochOf(info)
	s.pid, _ = strconv.Atoi(info["Pid"])
	if s.chart, err = readChart(ctx, w, h.Map); err != nil {
		return s, err
	}
	stats, err := w.stats(ctx)
	if err != nil {
		return s, err
	}
	for _, side := range []release.Side{release.Blue, release.Green} {
		name := backend(h, side)
		dump, servers, err := w.servers(ctx, name)
		if err != nil {
			return s, err
		}
		*s.dump.Of(side) = dump
		busy := map[string]int{}
		for _, line := range stats {
			if line["pxname"] != name {
				continue
			}
			if line["svname"] == "BACKEND" {
				*s.backends.Of(side) = line
			} else {
				busy[line["svname"]] = int(line.number("scur"))
			}
		}
		if *s.backends.Of(side) == nil {
			return s, fmt.Errorf("HAProxy has no statistics of its backend %s", name)
		}
		*s.slots.Of(side) = s.slotsOf(side, servers, busy)
	}
	return s, nil
}

func (s sight) slotsOf(side release.Side, servers []row, busy map[string]int) []slot {
	var all []slot
	for _, line := range servers {
		admin := line.number("srv_admin_state")
		t := slot{
			name: line["srv_name"], addr: net.JoinHostPort(line["srv_addr"], line["srv_port"]),
			open: admin&closedBits == 0, busy: busy[line["srv_name"]],
		}
		t.id, t.place, t.seated = s.chart.seat(seatKey(side, t.name))
		all = append(all, t)
	}
	return all
}

func (r row) number(name string) uint64 {
	n, _ := strconv.ParseUint(r[name], 10, 64)
	return n
}

// endpoints are the instances of a side that get requests, as the route had
// them, and after them whatever else is open: a server that was to be closed,
// or one that nobody ever seated, by its own name.
func (s sight) endpoints(side release.Side) []release.Endpoint {
	var in []slot
	for _, t := range *s.slots.Of(side) {
		if !t.open {
			continue
		}
		if !t.seated {
			t.id = t.name
		}
		if !t.seated || t.place < 0 {
			t.place = math.MaxInt
		}
		in = append(in, t)
	}
	slices.SortStableFunc(in, func(a, b slot) int { return cmp.Compare(a.place, b.place) })
	var list []release.Endpoint
	for _, t := range in {
		list = append(list, release.Endpoint{ID: t.id, Addr: t.addr})
	}
	return list
}

// route is the route as HAProxy carries it out.
func (s sight) route(front release.Front) release.Route {
	r := release.Route{Front: front, Salt: s.chart.word(keySalt), Private: release.Side(s.chart.word(keyPrivate))}
	for _, side := range []release.Side{release.Blue, release.Green} {
		*r.Sides.Of(side) = release.SideRoute{Weight: s.chart.weight(side), Endpoints: s.endpoints(side)}
	}
	return r
}

// side is what happens on one side. before counts connections that processes
// from before a reload still hold.
func (s sight) side(side release.Side, before func(addr string) int) release.SideTraffic {
	b := *s.backends.Of(side)
	t := release.SideTraffic{Weight: s.chart.weight(side), Endpoints: s.endpoints(side), Requests: int(b.number("scur"))}
	for _, l := range *s.slots.Of(side) {
		old := 0
		if l.seated {
			old = before(l.addr)
		}
		t.Requests += old
		if l.seated && (l.place >= 0 && l.open || l.busy+old > 0) {
			t.Load = append(t.Load, release.Load{ID: l.id, Requests: l.busy + old})
		}
	}
	t.Counters, t.Users = account(b)
	return t
}

// account is what the statistics say. A request that failed is a client of its
// own: HAProxy does not tell them apart here.
func account(b row) (release.Counters, release.Experience) {
	c := release.Counters{
		Accepted: b.number("req_tot"), ClientGone: b.number("cli_abrt"),
		Lost: b.number("econ") + b.number("eresp"), Errors: b.number("hrsp_5xx"),
	}
	ended := c.Accepted - min(c.Accepted, b.number("scur"))
	c.Answered = ended - min(ended, c.ClientGone+c.Lost)
	u := release.Experience{Requests: ended - min(ended, c.ClientGone)}
	u.Bad = min(max(c.Errors, c.Lost), u.Requests)
	u.BadClients = u.Bad
	return c, u
}
