package pooler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cutover/internal/pooler/console"
	"cutover/internal/release"
)

// Drain returns when nobody of a side that is gone is connected to PgBouncer
// any more, and no server connection is left that may have been used for it:
// what has been prepared or set on one would live on in a pool. Connections
// are closed as they become free, none is cut. The error says what is left.
func (p *Pools) Drain(ctx context.Context, o release.DrainOrder) (string, error) {
	c, err := console.Open(ctx, o.Pooler.Console)
	if err != nil {
		return "", err
	}
	defer c.Close()
	list, err := databases(ctx, c, o.Databases)
	if err != nil {
		return "", err
	}
	d := draining{conn: c, order: o}
	if err := d.reconnect(ctx, list); err != nil && ctx.Err() == nil {
		return "", err
	}
	for {
		left, err := d.left(ctx)
		if err == nil && left == "" {
			return d.note(), nil
		}
		if ctx.Err() == nil && err != nil {
			return "", err
		}
		if !pass(ctx) {
			return "", d.late(ctx)
		}
	}
}

// draining is one drain.
type draining struct {
	conn  *console.Conn
	order release.DrainOrder
	// renewed are the databases whose server connections are being replaced.
	renewed []string
	// began is how many those were, last what was left at the last look.
	began int
	last  string
}

// reconnect has server connections closed as they become free, unless an
// earlier try has asked for it. In session mode one belongs to its client for
// as long as that stays: where both sides ask for the same database, the other
// side's would have to go, and the old side's have been reset.
func (d *draining) reconnect(ctx context.Context, list []console.Row) error {
	rows, err := d.conn.Show(ctx, "SERVERS")
	if err != nil {
		return err
	}
	mode, err := setting(ctx, d.conn, "pool_mode")
	if err != nil {
		return err
	}
	for _, db := range list {
		name := db["name"]
		if orElse(db["pool_mode"], mode) == session && !slices.Contains(d.order.Own, name) {
			continue
		}
		d.renewed = append(d.renewed, name)
		d.began += len(of(rows, []string{name}, anyRow))
		if len(of(rows, []string{name}, closing)) > 0 {
			continue
		}
		if err := d.conn.Do(ctx, "RECONNECT "+console.Quote(name)); err != nil {
			return d.unsupported(err)
		}
	}
	return nil
}

// session is the mode in which a server connection has one client.
const session = "session"

func anyRow(console.Row) bool { return true }

func closing(r console.Row) bool { return r["close_needed"] == "1" }

// unsupported tells a PgBouncer that has no RECONNECT from other trouble.
func (d *draining) unsupported(err error) error {
	var refused *console.Refusal
	if !errors.As(err, &refused) || !strings.Contains(refused.Message, "unsupported") && !strings.Contains(refused.Message, "invalid") {
		return err
	}
	return fmt.Errorf("%w; this PgBouncer has no RECONNECT: take 1.8 or later, or remove drain from database.pgbouncer", err)
}

// left says what is still there, "" for nothing.
func (d *draining) left(ctx context.Context) (string, error) {
	servers, err := d.conn.Show(ctx, "SERVERS")
	if err != nil {
		return "", err
	}
	clients, err := d.conn.Show(ctx, "CLIENTS")
	if err != nil {
		return "", err
	}
	old, theirs := of(servers, d.renewed, closing), of(clients, d.order.Databases, d.theirs)
	d.last = ""
	switch {
	case len(theirs) > 0:
		d.last = fmt.Sprintf("%d clients of %s are still connected, first that %s", len(theirs), d.order.Side, who(theirs[0]))
	case len(old) > 0:
		d.last = fmt.Sprintf("%d server connections from before are still in use, first that %s", len(old), who(old[0]))
	}
	return d.last, nil
}

// theirs reports whether a client is one of the side.
func (d *draining) theirs(r console.Row) bool {
	return slices.Contains(d.order.Own, r["database"]) || d.order.Application != "" && r["application_name"] == d.order.Application
}

// late says what is left when the time is over.
func (d *draining) late(ctx context.Context) error {
	if d.last == "" {
		d.lookAgain(ctx)
	}
	return fmt.Errorf("within %s it did not come about that the server connections of %s were gone: %s",
		release.Span(d.order.Pooler.DrainMost), d.order.Side, orElse(d.last, "PgBouncer did not answer"))
}

// lookAgain finds out what is left when the time was over before a first look.
func (d *draining) lookAgain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	c, err := console.Open(ctx, d.order.Pooler.Console)
	if err != nil {
		return // the reason says that PgBouncer did not answer
	}
	defer c.Close()
	d.conn = c
	_, _ = d.left(ctx)
}

func (d *draining) note() string {
	if len(d.renewed) == 0 {
		return fmt.Sprintf("no client of %s is left; in session mode its server connections were reset", d.order.Side)
	}
	return fmt.Sprintf("%d server connections of %s replaced", d.began, strings.Join(d.renewed, ", "))
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// setting returns a value of PgBouncer's configuration, "" if there is none.
func setting(ctx context.Context, c *console.Conn, key string) (string, error) {
	rows, err := c.Show(ctx, "CONFIG")
	if err != nil {
		return "", err
	}
	for _, r := range rows {
		if r["key"] == key {
			return r["value"], nil
		}
	}
	return "", nil
}
