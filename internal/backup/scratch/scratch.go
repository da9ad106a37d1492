// Package scratch makes databases that are gone afterwards, also after a kill:
// whoever makes the next one finds and drops what an earlier one left.
//
// A scratch database is recognised by four signs together: its name is a
// prefix of ours and eight random digits, it belongs to whoever looks, its
// comment is ours or missing, and nobody holds the advisory lock of its name.
// The lock is held by a session for as long as the database is in use, so the
// end of the program, however it comes, gives it up.
package scratch

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// comment begins the comments of databases made here.
const comment = "made by cutover, may be dropped: "

// dropPatience bounds a drop, which must go on when the caller's time is over.
const dropPatience = time.Minute

// Connect signs in at a database of the server that outlives the scratch ones,
// usually postgres.
type Connect func(ctx context.Context) (*pgx.Conn, error)

// Database is a scratch database, or the name for one. It is used by one
// goroutine at a time.
type Database struct {
	// Name is lower-case letters, digits and underscores.
	Name    string
	connect Connect
	// holder is the session whose lock says that the database is in use.
	holder *pgx.Conn
}

// Claim picks a name that begins with prefix and holds it until Drop. It makes
// nothing yet.
func Claim(ctx context.Context, connect Connect, prefix string) (*Database, error) {
	var letters [4]byte
	// It never fails: the program ends if there is no randomness.
	_, _ = rand.Read(letters[:])
	d := &Database{Name: prefix + hex.EncodeToString(letters[:]), connect: connect}
	var err error
	if d.holder, err = connect(ctx); err != nil {
		return nil, err
	}
	const hold = "SET idle_session_timeout = 0; SET statement_timeout = 0"
	if _, err := d.holder.Exec(ctx, hold); err != nil {
		d.release()
		return nil, fmt.Errorf("prepare the session that holds %s: %w", d.Name, err)
	}
	got, err := try(ctx, d.holder, d.Name)
	if err != nil || !got {
		d.release()
		return nil, fmt.Errorf("claim the name %s: %w", d.Name, errors.Join(err, errTaken(got)))
	}
	return d, nil
}

func errTaken(got bool) error {
	if got {
		return nil
	}
	return errors.New("somebody else holds it: try again")
}

// Make creates the database with the given end of CREATE DATABASE name …, and
// marks it with what it is for. The error of the server is not changed, so
// that its code can be asked for.
func (d *Database) Make(ctx context.Context, options, purpose string) error {
	name := pgx.Identifier{d.Name}.Sanitize()
	if _, err := d.holder.Exec(ctx, "CREATE DATABASE "+name+" "+options); err != nil {
		return fmt.Errorf("make the database %s: %w", d.Name, err)
	}
	return d.Mark(ctx, purpose)
}

// Mark marks a database that was made under the claimed name by other means.
func (d *Database) Mark(ctx context.Context, purpose string) error {
	sql := fmt.Sprintf("COMMENT ON DATABASE %s IS %s", pgx.Identifier{d.Name}.Sanitize(), quote(comment+purpose))
	if _, err := d.holder.Exec(ctx, sql); err != nil {
		return fmt.Errorf("mark the database %s: %w", d.Name, err)
	}
	return nil
}

// Drop removes the database, if it was made, ends whoever still uses it, and
// gives up the name. It works when the caller's time is over, for a minute at
// most. It may be repeated.
func (d *Database) Drop() error {
	if d.holder == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), dropPatience)
	defer cancel()
	// The session may be gone by now, by a restart of the server.
	if d.holder.IsClosed() || d.holder.Ping(ctx) != nil {
		d.release()
		var err error
		if d.holder, err = d.connect(ctx); err != nil {
			d.holder = nil
			return fmt.Errorf("drop the database %s: %w: the next run drops it", d.Name, err)
		}
	}
	err := drop(ctx, d.holder, d.Name)
	d.release()
	return err
}

func (d *Database) release() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// The server notices the end of the session by itself.
	_ = d.holder.Close(ctx)
	d.holder = nil
}

// Sweep drops what earlier programs that were killed have left of databases
// whose names begin with one of the prefixes, and returns their names. What
// is in use, belongs to somebody else or was marked by somebody else stays.
func Sweep(ctx context.Context, connect Connect, prefixes ...string) ([]string, error) {
	conn, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	var gone []string
	for _, prefix := range prefixes {
		names, err := leftovers(ctx, conn, prefix)
		if err != nil {
			return gone, err
		}
		for _, name := range names {
			dropped, err := sweep(ctx, conn, name)
			if err != nil {
				return gone, err
			}
			if dropped {
				gone = append(gone, name)
			}
		}
	}
	return gone, nil
}

func leftovers(ctx context.Context, conn *pgx.Conn, prefix string) ([]string, error) {
	const query = `SELECT datname FROM pg_database WHERE datname ~ $1 AND NOT datistemplate AND datdba = current_user::regrole
		AND coalesce(starts_with(shobj_description(oid, 'pg_database'), $2), true) ORDER BY 1`
	rows, err := conn.Query(ctx, query, "^"+regexp.QuoteMeta(prefix)+"[0-9a-f]{8}$", comment)
	if err != nil {
		return nil, fmt.Errorf("look for leftover databases: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for leftover databases: %w", err)
	}
	return names, nil
}

// sweep drops one leftover, unless somebody turns out to hold its name.
func sweep(ctx context.Context, conn *pgx.Conn, name string) (bool, error) {
	free, err := try(ctx, conn, name)
	if err != nil || !free {
		return false, err
	}
	err = drop(ctx, conn, name)
	if _, unlock := conn.Exec(ctx, "SELECT pg_advisory_unlock(hashtext('cutover scratch'), hashtext($1))", name); unlock != nil && err == nil {
		err = fmt.Errorf("give up the name %s: %w", name, unlock)
	}
	return err == nil, err
}

func try(ctx context.Context, conn *pgx.Conn, name string) (got bool, err error) {
	err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtext('cutover scratch'), hashtext($1))", name).Scan(&got)
	if err != nil {
		return false, fmt.Errorf("ask who holds the name %s: %w", name, err)
	}
	return got, nil
}

func drop(ctx context.Context, conn *pgx.Conn, name string) error {
	_, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
	var server *pgconn.PgError
	// 3D000: somebody else has dropped it meanwhile.
	if errors.As(err, &server) && server.Code == "3D000" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("drop the database %s: %w: drop it by hand", name, err)
	}
	return nil
}

func quote(s string) string {
	out := make([]byte, 0, len(s)+2)
	out = append(out, '\'')
	for i := range len(s) {
		if s[i] == '\'' {
			out = append(out, '\'')
		}
		out = append(out, s[i])
	}
	return string(append(out, '\''))
}
