package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Exchange puts what a backup holds in the place of a database, in one
// transaction of renames, and keeps the database that was there until then
// under another name, so that the exchange can be undone and nothing is lost.
// Every method may be repeated, and takes up what an earlier one has left.
type Exchange struct {
	Folder Folder
	Backup Backup
	// Live is the database to be replaced. Its role must own it and may make
	// databases.
	Live Source
	// Key tells this exchange from others, such as the name of its release.
	Key string
}

// ExchangeStage is how far an exchange is, as the server shows it.
type ExchangeStage int

// The stages.
const (
	// Untouched: nothing of this exchange is there.
	Untouched ExchangeStage = iota + 1
	// Prepared: the backup is restored beside the live database.
	Prepared
	// Exchanged: the live name holds what the backup held.
	Exchanged
)

// marked is the comment on a database that was restored whole.
const marked = "restored by cutover, complete"

// Aside returns the name under which the database that was replaced is kept.
func (x Exchange) Aside() (string, error) { return x.name("_before_") }

func (x Exchange) restored() (string, error) { return x.name("_restored_") }

// name makes a name of at most 63 bytes out of the live database's, what it is
// for and the key.
func (x Exchange) name(what string) (string, error) {
	p, err := x.Live.parts()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(x.Key))
	return p.database[:min(len(p.database), 40)] + what + hex.EncodeToString(sum[:4]), nil
}

// Look says how far the exchange is. It changes nothing.
func (x Exchange) Look(ctx context.Context) (ExchangeStage, error) {
	aside, err := x.Aside()
	if err != nil {
		return 0, err
	}
	restored, err := x.restored()
	if err != nil {
		return 0, err
	}
	conn, err := maintenance(ctx, x.Live)
	if err != nil {
		return 0, fmt.Errorf("look at the databases: %w", err)
	}
	defer closeConn(conn)
	var exchanged, prepared bool
	err = conn.QueryRow(ctx, `SELECT coalesce(bool_or(datname = $1), false),
		coalesce(bool_or(datname = $2 AND shobj_description(oid, 'pg_database') = $3), false) FROM pg_database`, aside, restored, marked).Scan(&exchanged, &prepared)
	switch {
	case err != nil:
		return 0, fmt.Errorf("look at the databases: %w", err)
	case exchanged:
		return Exchanged, nil
	case prepared:
		return Prepared, nil
	}
	return Untouched, nil
}

// Prepare restores the backup beside the live database, which users go on
// using, and gives it the same owner, settings and rights.
func (x Exchange) Prepare(ctx context.Context) error {
	stage, err := x.Look(ctx)
	if err != nil || stage != Untouched {
		return err
	}
	name, err := x.restored()
	if err != nil {
		return err
	}
	to, err := x.Live.Database(name)
	if err != nil {
		return err
	}
	// What is there without its mark was not completed.
	if err := dropDatabase(to); err != nil {
		return err
	}
	if err := x.Folder.Restore(ctx, x.Backup, to); err != nil {
		return err
	}
	conn, err := maintenance(ctx, x.Live)
	if err != nil {
		return fmt.Errorf("complete the restored database: %w", err)
	}
	defer closeConn(conn)
	if err := x.alike(ctx, conn, name); err != nil {
		return fmt.Errorf("complete the restored database: %w", err)
	}
	if _, err := conn.Exec(ctx, "COMMENT ON DATABASE "+identifier(name)+" IS "+quote(marked)); err != nil {
		return fmt.Errorf("complete the restored database: %w", err)
	}
	return nil
}

// alike gives the restored database what a dump does not hold: owner,
// settings and rights of the live one.
func (x Exchange) alike(ctx context.Context, conn *pgx.Conn, name string) error {
	p, err := x.Live.parts()
	if err != nil {
		return err
	}
	rows, err := conn.Query(ctx, `SELECT format('ALTER DATABASE %I OWNER TO %I', $2::text, pg_get_userbyid(datdba)) FROM pg_database WHERE datname = $1
		UNION ALL SELECT 'ALTER ' || CASE WHEN r.setrole = 0 THEN '' ELSE format('ROLE %I IN ', pg_get_userbyid(r.setrole)) END ||
			format('DATABASE %I SET %s TO %L', $2::text, split_part(s, '=', 1), substr(s, strpos(s, '=') + 1))
			FROM pg_db_role_setting r JOIN pg_database d ON d.oid = r.setdatabase, unnest(r.setconfig) s WHERE d.datname = $1
		UNION ALL SELECT format('GRANT %s ON DATABASE %I TO %s', a.privilege_type, $2::text, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END)
			FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = $1`, p.database, name)
	if err != nil {
		return err
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

// Replace puts the restored database in the place of the live one. Nobody may
// use either: connections that are left are ended.
func (x Exchange) Replace(ctx context.Context) error {
	stage, err := x.Look(ctx)
	switch {
	case err != nil:
		return err
	case stage == Exchanged:
		return nil
	case stage != Prepared:
		return errors.New("replace the database: the backup is not restored beside it yet")
	}
	aside, err := x.Aside()
	if err != nil {
		return err
	}
	restored, err := x.restored()
	if err != nil {
		return err
	}
	return x.rename(ctx, aside, restored)
}

// Back puts the database that was replaced back in its place. What was
// restored is kept under its own name.
func (x Exchange) Back(ctx context.Context) error {
	stage, err := x.Look(ctx)
	if err != nil || stage != Exchanged {
		return err
	}
	aside, err := x.Aside()
	if err != nil {
		return err
	}
	restored, err := x.restored()
	if err != nil {
		return err
	}
	return x.rename(ctx, restored, aside)
}

// How often, and how fast, renames are tried against clients that connect
// again and again.
const (
	renameTries = 40
	renamePause = 250 * time.Millisecond
)

// rename gives the live database the name to, and the database from the live
// one's, both or neither.
func (x Exchange) rename(ctx context.Context, to, from string) error {
	p, err := x.Live.parts()
	if err != nil {
		return err
	}
	conn, err := maintenance(ctx, x.Live)
	if err != nil {
		return fmt.Errorf("replace the database: %w", err)
	}
	defer closeConn(conn)
	for try := 1; ; try++ {
		err = renameOnce(ctx, conn, p.database, to, from)
		var server *pgconn.PgError
		// 55006: somebody is connected.
		if err == nil || try == renameTries || !errors.As(err, &server) || server.Code != "55006" {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("replace the database %s: %w", p.database, ctx.Err())
		case <-time.After(renamePause):
		}
	}
	if err != nil {
		return fmt.Errorf("replace the database %s by %s: %w", p.database, from, err)
	}
	return nil
}

func renameOnce(ctx context.Context, conn *pgx.Conn, live, to, from string) error {
	if _, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY ($1) AND pid <> pg_backend_pid()", []string{live, from}); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, r := range [][2]string{{live, to}, {from, live}} {
			if _, err := tx.Exec(ctx, "ALTER DATABASE "+identifier(r[0])+" RENAME TO "+identifier(r[1])); err != nil {
				return err
			}
		}
		return nil
	})
}

func identifier(name string) string { return pgx.Identifier{name}.Sanitize() }
