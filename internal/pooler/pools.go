package pooler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cutover/internal/pooler/console"
	"cutover/internal/snapshot"
)

// Pools steers every app's PgBouncer, each wherever its plan says. Its methods
// may be called from any goroutine.
type Pools struct {
	// Files gives the content of configuration files.
	Files snapshot.Opener
	// Path is a private folder for what such files held before; it is created
	// if need be.
	Path string
}

// look is the pause between two looks at what is waited for.
const look = 50 * time.Millisecond

// pass lets a moment pass, and returns false if ctx has ended.
func pass(ctx context.Context) bool {
	t := time.NewTimer(look)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// databases returns what PgBouncer says of the named ones, in the order of
// their names. It may not know all of them.
func databases(ctx context.Context, c *console.Conn, names []string) ([]console.Row, error) {
	rows, err := c.Show(ctx, "DATABASES")
	if err != nil {
		return nil, err
	}
	var list []console.Row
	for _, name := range names {
		if i := slices.IndexFunc(rows, func(r console.Row) bool { return r["name"] == name }); i >= 0 {
			list = append(list, rows[i])
		}
	}
	if len(list) == 0 {
		return nil, unknown(names, rows)
	}
	return list, nil
}

// unknown says that PgBouncer has none of the databases.
func unknown(names []string, rows []console.Row) error {
	var known []string
	for _, r := range rows {
		if r["name"] != consoleName {
			known = append(known, r["name"])
		}
	}
	return fmt.Errorf("PgBouncer knows no database %s: it has %s", strings.Join(names, ", "), orNone(known))
}

// consoleName is how PgBouncer calls its own console.
const consoleName = "pgbouncer"

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
