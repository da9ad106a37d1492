package haproxy

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"

	"cutover/internal/release"
)

// seating says which server becomes which instance, by the server's name.
type seating release.Sides[map[string]release.Endpoint]

// seat finds a server for every instance. One that has it already keeps it; a
// new one gets a server that has nothing in flight.
func seat(s sight, h release.HAProxy, to release.Route) (seating, error) {
	all := seating{Blue: map[string]release.Endpoint{}, Green: map[string]release.Endpoint{}}
	for _, side := range []release.Side{release.Blue, release.Green} {
		taken := all.Blue
		if side == release.Green {
			taken = all.Green
		}
		var homeless []release.Endpoint
		for _, e := range to.Sides.Of(side).Endpoints {
			if _, err := netip.ParseAddrPort(e.Addr); err != nil {
				return all, fmt.Errorf("the address of %s: %w", e.ID, err)
			}
			if name, ok := s.home(side, e, taken); ok {
				taken[name] = e
			} else {
				homeless = append(homeless, e)
			}
		}
		for _, e := range homeless {
			name, ok := s.free(side, taken)
			if !ok {
				return all, fmt.Errorf("the backend %s of HAProxy has %d servers and none is free for %s: give its server-template twice as many as there are replicas",
					backend(h, side), len(*s.slots.Of(side)), e.ID)
			}
			taken[name] = e
		}
	}
	return all, nil
}

// home is the server that has the instance already.
func (s sight) home(side release.Side, e release.Endpoint, taken map[string]release.Endpoint) (string, bool) {
	for _, t := range *s.slots.Of(side) {
		if _, gone := taken[t.name]; !gone && t.seated && t.id == e.ID && t.addr == e.Addr {
			return t.name, true
		}
	}
	return "", false
}

func (s sight) free(side release.Side, taken map[string]release.Endpoint) (string, bool) {
	for _, t := range *s.slots.Of(side) {
		if _, gone := taken[t.name]; !gone && t.busy == 0 && !(t.open && t.seated && t.place >= 0) {
			return t.name, true
		}
	}
	return "", false
}

// change carries out one order.
type change struct {
	wire  wire
	h     release.HAProxy
	chart chart
}

func (c change) note(ctx context.Context, key, value string) error {
	return c.chart.set(ctx, c.wire, c.h.Map, key, value)
}

// carryOut opens what is new, moves the shares, and closes what has left, in
// this order: at every moment each share has servers.
func (c change) carryOut(ctx context.Context, s sight, seats seating, to release.Route) error {
	generation := strconv.FormatUint(c.chart.number(keyGeneration)+1, 10)
	if err := c.note(ctx, keyGeneration, generation); err != nil {
		return err
	}
	opened := false
	for _, side := range []release.Side{release.Blue, release.Green} {
		some, err := c.open(ctx, s, side, seats.of(side), to.Sides.Of(side).Endpoints)
		if err != nil {
			return err
		}
		opened = opened || some
	}
	if err := c.endure(ctx, s.epoch, opened); err != nil {
		return err
	}
	for _, entry := range [][2]string{
		{keySalt, written(to.Salt)}, {keyPrivate, written(string(to.Private))},
		{keyGreen, strconv.Itoa(int(to.Sides.Green.Weight))}, {keyBlue, strconv.Itoa(int(to.Sides.Blue.Weight))},
	} {
		if err := c.note(ctx, entry[0], entry[1]); err != nil {
			return err
		}
	}
	for _, side := range []release.Side{release.Blue, release.Green} {
		if err := c.shut(ctx, s, side, seats.of(side)); err != nil {
			return err
		}
	}
	return nil
}

func (s seating) of(side release.Side) map[string]release.Endpoint {
	if side == release.Green {
		return s.Green
	}
	return s.Blue
}

// open brings the servers of a side's instances to their addresses and lets
// requests in. some says that a server is another than before.
func (c change) open(ctx context.Context, s sight, side release.Side, seats map[string]release.Endpoint, order []release.Endpoint) (some bool, err error) {
	for _, t := range *s.slots.Of(side) {
		e, wanted := seats[t.name]
		if !wanted {
			continue
		}
		server := backend(c.h, side) + "/" + t.name
		if t.addr != e.Addr {
			at := netip.MustParseAddrPort(e.Addr)
			some = true
			said := []string{"no need to change", "changed from"}
			if err := c.wire.order(ctx, fmt.Sprintf("set server %s addr %s port %d", server, at.Addr(), at.Port()), said...); err != nil {
				return some, err
			}
		}
		if err := c.note(ctx, seatKey(side, t.name), seatOf(e, place(order, e))); err != nil {
			return some, err
		}
		if !t.open {
			some = true
			if err := c.wire.order(ctx, "set server "+server+" state ready"); err != nil {
				return some, err
			}
		}
	}
	return some, nil
}

func place(order []release.Endpoint, e release.Endpoint) int {
	for i, o := range order {
		if o == e {
			return i
		}
	}
	return -1
}

// shut closes servers that have left the route. What they have in flight goes
// on, and is still known by its instance.
func (c change) shut(ctx context.Context, s sight, side release.Side, seats map[string]release.Endpoint) error {
	for _, t := range *s.slots.Of(side) {
		if _, wanted := seats[t.name]; wanted {
			continue
		}
		if t.open {
			if err := c.wire.order(ctx, "set server "+backend(c.h, side)+"/"+t.name+" state maint"); err != nil {
				return err
			}
		}
		if t.seated && t.place >= 0 {
			if err := c.note(ctx, seatKey(side, t.name), seatOf(release.Endpoint{ID: t.id}, -1)); err != nil {
				return err
			}
		}
	}
	return nil
}
