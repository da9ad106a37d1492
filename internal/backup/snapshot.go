package backup

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// lockPatience is how long a table may be locked by somebody else before the
// backup gives up, as waiting makes users queue behind nobody, yet an
// ALTER TABLE that waits for us makes them queue behind it.
const lockPatience = 30 * time.Second

// snapshot is a transaction whose view of the data pg_dump shares.
type snapshot struct {
	conn   *pgx.Conn
	tx     pgx.Tx
	id     string
	tables []Table
	// version is the server's as a number, such as 150018; name in words.
	version  int
	name     string
	database string
	locale   Locale
}

// open takes a snapshot and keeps its tables from being changed or dropped.
func open(ctx context.Context, s Source) (_ *snapshot, err error) {
	conn, err := s.Connect(ctx)
	if err != nil {
		return nil, err
	}
	snap := &snapshot{conn: conn, name: conn.PgConn().ParameterStatus("server_version")}
	defer func() {
		if err != nil {
			snap.close()
		}
	}()
	if snap.tx, err = conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}); err != nil {
		return nil, fmt.Errorf("open a snapshot: %w", err)
	}
	if _, err = snap.tx.Exec(ctx, plain); err != nil {
		return nil, fmt.Errorf("prepare the session: %w", err)
	}
	if err = snap.describe(ctx); err != nil {
		return nil, err
	}
	if snap.tables, err = list(ctx, snap.tx); err != nil {
		return nil, err
	}
	return snap, snap.lock(ctx)
}

func (s *snapshot) describe(ctx context.Context) error {
	const query = `SELECT pg_export_snapshot(), current_setting('server_version_num')::int, datname, pg_encoding_to_char(encoding), datcollate, datctype
		FROM pg_catalog.pg_database WHERE datname = current_database()`
	err := s.tx.QueryRow(ctx, query).Scan(&s.id, &s.version, &s.database, &s.locale.Encoding, &s.locale.Collate, &s.locale.Ctype)
	if err != nil {
		return fmt.Errorf("export the snapshot: %w", err)
	}
	return nil
}

// lock keeps the tables as they are, so that what is summed after the dump is
// what was dumped. Readers and writers are not hindered.
func (s *snapshot) lock(ctx context.Context) error {
	if _, err := s.tx.Exec(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d", lockPatience.Milliseconds())); err != nil {
		return fmt.Errorf("limit the wait for locks: %w", err)
	}
	for _, t := range s.tables {
		if _, err := s.tx.Exec(ctx, "LOCK TABLE ONLY "+t.String()+" IN ACCESS SHARE MODE"); err != nil {
			return fmt.Errorf("keep %s as it is during the backup: %w: try again when nobody changes the table", t, err)
		}
	}
	return nil
}

// close ends the snapshot.
func (s *snapshot) close() { closeConn(s.conn) }

// closeConn closes a connection, whose transaction, if any, is thereby over.
func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// The other end may be gone already; nothing is lost by that.
	_ = conn.Close(ctx)
}
