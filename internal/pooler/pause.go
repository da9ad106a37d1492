package pooler

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cutover/internal/pooler/console"
	"cutover/internal/release"
)

// Pause makes the clients of the named databases wait and returns when no
// server connection of these is left. In transaction mode that is when those
// transactions are over that had begun. If ctx ends before, the error says who
// was in the way, and clients wait until Resume.
func (p *Pools) Pause(ctx context.Context, o release.PoolOrder) error {
	c, err := console.Open(ctx, o.Pooler.Console)
	if err != nil {
		return err
	}
	defer c.Close()
	list, err := databases(ctx, c, o.Databases)
	if err != nil {
		return err
	}
	if err := resume(ctx, c, list); err != nil { // one that was begun earlier may not have ended
		return err
	}
	for _, db := range list {
		if err := c.Do(ctx, "PAUSE "+console.Quote(db["name"])); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("%s%w", busy(ctx, o), err)
			}
			return err
		}
	}
	return nil
}

// busy says which server connections are in use, after a pause that did not
// come about.
func busy(ctx context.Context, o release.PoolOrder) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoLimit)
	defer cancel()
	c, err := console.Open(ctx, o.Pooler.Console)
	if err != nil {
		return ""
	}
	defer c.Close()
	rows, err := c.Show(ctx, "SERVERS")
	if err != nil {
		return ""
	}
	return inUse(of(rows, o.Databases, func(r console.Row) bool { return r["state"] == "active" }))
}

// inUse names server connections that are in use.
func inUse(list []console.Row) string {
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf("%d server connections are in use, first %s; ", len(list), who(list[0]))
}

// Resume lets the clients of the named databases go on. It returns nil only if
// PgBouncer says that none of these is paused.
func (p *Pools) Resume(ctx context.Context, o release.PoolOrder) error {
	c, err := console.Open(ctx, o.Pooler.Console)
	if err != nil {
		return err
	}
	defer c.Close()
	list, err := databases(ctx, c, o.Databases)
	if err != nil {
		return err
	}
	if err := resume(ctx, c, list); err != nil {
		return err
	}
	if list, err = databases(ctx, c, o.Databases); err != nil {
		return err
	}
	for _, db := range list {
		if paused(db) {
			return fmt.Errorf("PgBouncer says that %s is paused, right after RESUME: somebody else pauses it", db["name"])
		}
	}
	return nil
}

func paused(db console.Row) bool { return db["paused"] == "1" }

// resume ends the pauses of databases.
func resume(ctx context.Context, c *console.Conn, list []console.Row) error {
	for _, db := range list {
		if !paused(db) {
			continue
		}
		err := c.Do(ctx, "RESUME "+console.Quote(db["name"]))
		var refused *console.Refusal
		if errors.As(err, &refused) && strings.Contains(refused.Message, "is not paused") {
			continue // somebody was faster
		}
		if err != nil {
			return err
		}
	}
	return nil
}
