package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Restore brings a backup back into the database to names, with owners and
// rights, and compares what came with what was saved. The database must be
// empty, or missing: then it is made. When Restore fails, a database it made
// is gone, and an empty one is empty again, unless what came back differs from
// what was saved: then it is left to be looked at.
func (f Folder) Restore(ctx context.Context, b Backup, to Source) (err error) {
	ctx, cancel := f.bounded(ctx)
	defer cancel()
	if err := b.whole(ctx); err != nil {
		return fmt.Errorf("restore %s: %w", b.Name, timely(ctx, err))
	}
	made, err := b.prepare(ctx, to)
	if err != nil {
		return fmt.Errorf("restore %s: %w", b.Name, timely(ctx, err))
	}
	if _, err = f.load(ctx, b, to, true); err != nil && made {
		err = errors.Join(err, dropDatabase(to))
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w", b.Name, timely(ctx, err))
	}
	return nil
}

// whole looks whether the dump is the file that was written.
func (b Backup) whole(ctx context.Context) error {
	file, err := os.Open(b.Path())
	if err != nil {
		return fmt.Errorf("read the dump: %w", err)
	}
	defer func() { _ = file.Close() }()
	sum, size, err := hash(ctx, file)
	switch {
	case err != nil:
		return err
	case size != b.Size:
		return fmt.Errorf("%w: it has %d bytes instead of %d: use another backup", ErrDamaged, size, b.Size)
	case sum != b.SHA256:
		return fmt.Errorf("%w: its content has changed: use another backup", ErrDamaged)
	}
	return nil
}

// prepare makes sure that there is an empty database, and reports whether it
// had to be made.
func (b Backup) prepare(ctx context.Context, to Source) (made bool, err error) {
	conn, err := to.Connect(ctx)
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "3D000" {
		return true, b.create(ctx, to)
	}
	if err != nil {
		return false, err
	}
	defer closeConn(conn)
	const query = `SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`
	var n int
	if err := conn.QueryRow(ctx, query).Scan(&n); err != nil {
		return false, fmt.Errorf("look what is in the database: %w", err)
	}
	if n > 0 {
		return false, fmt.Errorf("the database %s already has %d tables, views and sequences: name one that is empty or does not exist", conn.Config().Database, n)
	}
	return false, nil
}

// create makes the database, with the locale the backup's had if this server
// knows it.
func (b Backup) create(ctx context.Context, to Source) error {
	p, err := to.parts()
	if err != nil {
		return err
	}
	conn, err := maintenance(ctx, to)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	return b.Locale.Make(func(options string) error {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{p.database}.Sanitize()+" "+options); err != nil {
			return fmt.Errorf("make the database %s: %w", p.database, err)
		}
		return nil
	})
}

// Make calls create with how a database of the locale is made, as the end of
// CREATE DATABASE, and once more with what every server knows if it says that
// it does not know the locale.
func (l Locale) Make(create func(options string) error) error {
	options := func(collate, ctype string) string {
		return fmt.Sprintf("TEMPLATE template0 ENCODING %s LC_COLLATE %s LC_CTYPE %s", quote(l.Encoding), quote(collate), quote(ctype))
	}
	err := create(options(l.Collate, l.Ctype))
	var server *pgconn.PgError
	// 22023, 42809: the server does not know the locale.
	if errors.As(err, &server) && (server.Code == "22023" || server.Code == "42809") {
		return create(options("C", "C"))
	}
	return err
}

// load fills an empty database from the dump and compares. It returns the
// server's version.
func (f Folder) load(ctx context.Context, b Backup, to Source, owners bool) (string, error) {
	if err := f.unpack(ctx, b, to, owners); err != nil {
		return "", err
	}
	got, server, err := measure(ctx, to, f.progress)
	if err != nil {
		return "", err
	}
	if diff := b.Content.differences(got); len(diff) > 0 {
		return "", fmt.Errorf("%w: what came back differs: %s", ErrDamaged, strings.Join(diff[:min(len(diff), 10)], "; "))
	}
	return server, nil
}

// unpack fills an empty database from the dump.
func (f Folder) unpack(ctx context.Context, b Backup, to Source, owners bool) error {
	p, err := to.parts()
	if err != nil {
		return err
	}
	// A dump can be read by any program that is not older than its writer.
	major := 0
	if _, err := fmt.Sscanf(b.Program, "%d", &major); err != nil {
		return fmt.Errorf("read the version %q of the dump's writer: %w", b.Program, err)
	}
	restore, err := find(ctx, "pg_restore", f.Programs, major)
	if err != nil {
		return err
	}
	args := restoring(owners)
	if !owners {
		options, clean, err := f.without(ctx, restore, b, to)
		if err != nil {
			return err
		}
		defer clean()
		args = append(args, options...)
	}
	f.progress(Progress{Stage: Restoring})
	return restore.run(ctx, p, append(args, b.Path())...)
}

// restoring are the options of pg_restore.
func restoring(owners bool) []string {
	args := []string{"--exit-on-error", "--single-transaction"}
	if !owners {
		args = append(args, "--no-owner", "--no-privileges")
	}
	return args
}

// maintenance connects to the server's database for such work.
func maintenance(ctx context.Context, s Source) (*pgx.Conn, error) {
	other, err := s.Database("postgres")
	if err != nil {
		return nil, err
	}
	return other.Connect(ctx)
}

// dropDatabase removes a database that was made here, even if the work was
// cancelled.
func dropDatabase(s Source) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p, err := s.parts()
	if err != nil {
		return err
	}
	conn, err := maintenance(ctx, s)
	if err != nil {
		return fmt.Errorf("drop the database %s: %w", p.database, err)
	}
	defer closeConn(conn)
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{p.database}.Sanitize()+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop the database %s: %w: drop it by hand", p.database, err)
	}
	return nil
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
