package sample

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// database keeps the addresses in a SQLite file that instances of several
// versions share. Each method is one short transaction, so that none of them
// keeps the others waiting, and one that a crash ends has not been.
type database struct {
	db    *sql.DB
	shape shape
}

var (
	// errUnknown means that there is no address with this id.
	errUnknown = errors.New("there is no such address")
	// errTaken means that there is an address with this id.
	errTaken = errors.New("there is such an address already")
)

// connections is how many requests of one instance use the database at once.
const connections = 4

// openDatabase opens the file, and makes it with its table if there is none.
func openDatabase(ctx context.Context, path, version string) (*database, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	// SQLite would make the file readable to everybody.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		err = file.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("opening the database; name a file in a folder that can be written to: %w", err)
	}
	// In WAL mode readers and the one writer pass each other. NORMAL keeps what
	// is committed when a process dies, which is what may happen here.
	query := url.Values{"_txlock": {"immediate"}, "_dqs": {"0"}, "_pragma": {"busy_timeout(5000)", "journal_mode(wal)", "synchronous(normal)"}}
	name := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	d := &database{db: db, shape: shapeOf(version)}
	if err := d.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the database %s: %w", path, err), db.Close())
	}
	return d, nil
}

// prepare makes the table unless there is one, of whatever shape.
func (d *database) prepare(ctx context.Context) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var there bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'address')").Scan(&there); err != nil || there {
		return err
	}
	for _, text := range d.shape.create {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// fits fails where the table lacks what this version reads.
func (d *database) fits(ctx context.Context) error {
	_, err := d.db.ExecContext(ctx, d.shape.probe)
	return err
}

// add keeps a new address, or returns errTaken.
func (d *database) add(ctx context.Context, id, line string) error {
	_, err := d.db.ExecContext(ctx, d.shape.insert, append([]any{id}, d.shape.values(line)...)...)
	if trouble := new(sqlite.Error); errors.As(err, &trouble) && trouble.Code() == lib.SQLITE_CONSTRAINT_PRIMARYKEY {
		return errTaken
	}
	return err
}

// change gives an address another line, or returns errUnknown.
func (d *database) change(ctx context.Context, id, line string) error {
	result, err := d.db.ExecContext(ctx, d.shape.update, append([]any{id}, d.shape.values(line)...)...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errUnknown)
	}
	return nil
}

// find returns an address, or errUnknown.
func (d *database) find(ctx context.Context, id string) (Address, error) {
	a, err := d.scan(d.db.QueryRowContext(ctx, d.shape.read, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = errUnknown
	}
	return a, err
}

// latest returns the newest addresses, the newest first.
func (d *database) latest(ctx context.Context, most int) ([]Address, error) {
	rows, err := d.db.QueryContext(ctx, d.shape.latest, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := []Address{}
	for rows.Next() {
		a, err := d.scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

func (d *database) count(ctx context.Context) (int, error) {
	var n int
	err := d.db.QueryRowContext(ctx, "SELECT count(*) FROM address").Scan(&n)
	return n, err
}

func (d *database) scan(scan func(...any) error) (Address, error) {
	var id, first string
	var second *string
	if err := scan(&id, &first, &second); err != nil {
		return Address{}, err
	}
	return d.shape.address(id, first, second), nil
}

func (d *database) close() error {
	if err := d.db.Close(); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}
