package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"time"

	_ "modernc.org/sqlite" // the driver, which speaks SQLite in pure Go
)

// A file is only ever opened through SQLite, never with os.Open: closing any
// other handle would drop the locks this process holds on it.

// readers is how many goroutines read at once; a further one waits.
const readers = 4

// openWriter returns a pool of one connection: SQLite has one writer, and
// one that waits in Go heeds its context.
func openWriter(path string, busy time.Duration) (*sql.DB, error) {
	return open(path, 1, "rw", "immediate", busy,
		"journal_mode(wal)",
		// With WAL, FULL is what makes a commit outlive a power cut;
		// fullfsync is its counterpart where fsync alone does not reach the disk.
		"synchronous(full)", "fullfsync(1)", "checkpoint_fullfsync(1)",
	)
}

func openReader(path string, busy time.Duration) (*sql.DB, error) {
	return open(path, readers, "ro", "deferred", busy, "query_only(1)")
}

func open(path string, most int, mode, lock string, busy time.Duration, pragmas ...string) (*sql.DB, error) {
	pragmas = append(pragmas, fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()),
		"trusted_schema(0)", "cell_size_check(1)")
	query := url.Values{
		"mode": {mode}, "_txlock": {lock}, "_dqs": {"0"}, "_error_rc": {"1"}, "_pragma": pragmas,
	}
	// A URL, so that no character of the path is taken for an option.
	name := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db, nil
}

// durable makes sure that SQLite agreed to the mode that Append promises;
// it falls back silently where the file system cannot do it.
func durable(ctx context.Context, writer *sql.DB) error {
	var mode string
	if err := writer.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	var synchronous int
	if err := writer.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return err
	}
	const full = 2
	if mode != "wal" || synchronous != full {
		return fmt.Errorf("the file system allows only journal mode %s, synchronous %d: keep the journal on a local disk", mode, synchronous)
	}
	return nil
}
