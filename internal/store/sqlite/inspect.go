package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	"cutover/internal/store"
)

// inspect makes sure, without changing the file, that it is a journal this
// program understands, and returns its schema version.
func inspect(ctx context.Context, path string, busy time.Duration, steps []string) (int, error) {
	if err := inspectFile(path); err != nil {
		return 0, err
	}
	db, err := openReader(path, busy)
	if err != nil {
		return 0, explain(ctx, "open the journal", path, err)
	}
	defer db.Close()
	var id, version int
	err = db.QueryRowContext(ctx,
		"SELECT application_id, user_version FROM pragma_application_id, pragma_user_version").Scan(&id, &version)
	switch {
	case err != nil:
		return 0, explain(ctx, "open the journal", path, err)
	case id != applicationID:
		return 0, fmt.Errorf("open the journal %s: %w but the SQLite file of another program (application id %#x): nothing was changed; name another path", path, ErrForeign, id)
	case version > len(steps):
		return 0, fmt.Errorf("open the journal %s: %w (schema %d, this one knows up to %d): nothing was changed; use the newer cutover", path, ErrNewer, version, len(steps))
	case version < 1:
		return 0, &store.CorruptError{Place: path, Reason: fmt.Sprintf("its schema version is %d, but versions count from 1", version), Cure: restore}
	}
	return version, inspectSchema(ctx, db, path, steps[:version])
}

// inspectFile looks at the file from outside. A journal is put in its place
// only when it is complete (see create), so an empty file was emptied.
func inspectFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("open the journal: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("open the journal %s: %w but a folder or device: name another path", path, ErrForeign)
	case info.Size() == 0:
		return &store.CorruptError{Place: path, Reason: "the file is empty, and cutover never leaves it so", Cure: restore + ", or, if there never was one, remove the empty file"}
	}
	return nil
}

// inspectSchema compares every table, index and trigger with what the steps
// make in an empty database.
func inspectSchema(ctx context.Context, db *sql.DB, path string, steps []string) error {
	want, err := freshSchema(ctx, steps)
	if err != nil {
		return fmt.Errorf("open the journal %s: %w", path, err)
	}
	have, err := schema(ctx, db)
	if err != nil {
		return explain(ctx, "open the journal", path, err)
	}
	for _, name := range want.names {
		text, found := have.text[name]
		if found && text == want.text[name] {
			continue
		}
		reason := "its " + name + " is missing"
		if found {
			reason = "its " + name + " was altered"
		}
		return &store.CorruptError{Place: path, Reason: reason + ": another program changed the schema", Cure: restore}
	}
	return nil
}

// objects are the tables, indexes and triggers of a database with the
// statements that made them, by "table NAME" and so on.
type objects struct {
	names []string
	text  map[string]string
}

func schema(ctx context.Context, db *sql.DB) (objects, error) {
	found := objects{text: make(map[string]string)}
	rows, err := db.QueryContext(ctx, "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
	if err != nil {
		return found, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return found, err
		}
		found.names = append(found.names, name)
		found.text[name] = text
	}
	return found, rows.Err()
}

func freshSchema(ctx context.Context, steps []string) (objects, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return objects{}, err
	}
	defer db.Close()
	// Each connection to :memory: is a database of its own.
	db.SetMaxOpenConns(1)
	if err := migrate(ctx, db, steps); err != nil {
		return objects{}, err
	}
	return schema(ctx, db)
}
