package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
)

// applicationID marks a SQLite file as a journal of cutover ("CuTo").
const applicationID = 0x4375546f

//go:embed migrations/*.sql
var embedded embed.FS

// migrations returns the schema's steps in order: step i leads from version i
// to i+1. Their names begin with a number, so the file order is the order.
func migrations() ([]string, error) {
	names, err := fs.Glob(embedded, "migrations/*.sql")
	if err != nil {
		return nil, fmt.Errorf("list the schema's steps: %w", err)
	}
	steps := make([]string, 0, len(names))
	for _, name := range names {
		text, err := embedded.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the schema's steps: %w", err)
		}
		steps = append(steps, string(text))
	}
	return steps, nil
}

// migrate brings the schema to the last step in one transaction: all of it
// happens or nothing. Repeating it changes nothing.
func migrate(ctx context.Context, db *sql.DB, steps []string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version >= len(steps) {
		return nil
	}
	for i, step := range steps[version:] {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("schema step %d: %w", version+i+1, err)
		}
	}
	mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(steps))
	if _, err := tx.ExecContext(ctx, mark); err != nil {
		return err
	}
	return tx.Commit()
}
