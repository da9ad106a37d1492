package rehearsal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// strong are the modes of locks that are recorded: those no query takes.
const strong = `('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`

// install are the event triggers of the clone. They run with the rights of who
// made them, for whatever role the migration uses, and fire even where a
// migration switches triggers off.
const install = `CREATE SCHEMA cutover_rehearsal;
CREATE UNLOGGED TABLE cutover_rehearsal.event (id bigserial PRIMARY KEY, at timestamptz NOT NULL, pid int NOT NULL, began timestamptz NOT NULL,
	kind text NOT NULL, tag text NOT NULL, query text NOT NULL, objects jsonb NOT NULL, locks jsonb NOT NULL);
CREATE FUNCTION cutover_rehearsal.note(kind text, tag text, objects jsonb) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	INSERT INTO cutover_rehearsal.event (at, pid, began, kind, tag, query, objects, locks)
	SELECT clock_timestamp(), pg_backend_pid(), transaction_timestamp(), kind, tag, left(coalesce(current_query(), ''), 4000), coalesce(objects, '[]'),
		(SELECT coalesce(jsonb_agg(jsonb_build_object('oid', l.relation::int8, 'mode', l.mode)), '[]') FROM pg_locks l
			WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND l.mode IN ` + strong + `)
$$;
CREATE FUNCTION cutover_rehearsal.on_start() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
	PERFORM cutover_rehearsal.note('start', tg_tag, NULL);
END $$;
CREATE FUNCTION cutover_rehearsal.on_end() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
	PERFORM cutover_rehearsal.note('end', tg_tag, (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('kind', c.object_type, 'name', c.object_identity)) FROM pg_catalog.pg_event_trigger_ddl_commands() c));
END $$;
CREATE FUNCTION cutover_rehearsal.on_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
	PERFORM cutover_rehearsal.note('drop', tg_tag, (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('kind', d.object_type, 'name', d.object_identity)) FROM pg_catalog.pg_event_trigger_dropped_objects() d
		WHERE NOT d.is_temporary AND (d.original OR d.normal OR d.object_type IN ('index', 'table constraint', 'trigger', 'policy', 'sequence'))));
END $$;
CREATE FUNCTION cutover_rehearsal.on_rewrite() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
	PERFORM cutover_rehearsal.note('rewrite', tg_tag, pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('oid', pg_catalog.pg_event_trigger_table_rewrite_oid()::pg_catalog.int8,
		'reason', pg_catalog.pg_event_trigger_table_rewrite_reason())));
END $$;
GRANT USAGE ON SCHEMA cutover_rehearsal TO PUBLIC;
CREATE EVENT TRIGGER cutover_rehearsal_start ON ddl_command_start EXECUTE FUNCTION cutover_rehearsal.on_start();
CREATE EVENT TRIGGER cutover_rehearsal_rewrite ON table_rewrite EXECUTE FUNCTION cutover_rehearsal.on_rewrite();
CREATE EVENT TRIGGER cutover_rehearsal_drop ON sql_drop EXECUTE FUNCTION cutover_rehearsal.on_drop();
CREATE EVENT TRIGGER cutover_rehearsal_end ON ddl_command_end EXECUTE FUNCTION cutover_rehearsal.on_end();
ALTER EVENT TRIGGER cutover_rehearsal_start ENABLE ALWAYS;
ALTER EVENT TRIGGER cutover_rehearsal_rewrite ENABLE ALWAYS;
ALTER EVENT TRIGGER cutover_rehearsal_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER cutover_rehearsal_end ENABLE ALWAYS;
TRUNCATE cutover_rehearsal.event`

// installRecorder makes the event triggers. It reports false where the role
// may not: then only samples are left.
func installRecorder(ctx context.Context, conn *pgx.Conn) (bool, error) {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, install)
		return err
	})
	var server *pgconn.PgError
	if errors.As(err, &server) && server.Code == "42501" {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("install the recorder: %w", err)
	}
	return true, nil
}

// event is one row that an event trigger wrote.
type event struct {
	id    int64
	at    time.Time
	pid   int32
	began time.Time
	// kind is start, rewrite, drop or end.
	kind, tag, query string
	objects          []object
	locks            []heldLock
}

// object is what an event is about.
type object struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	OID    uint32 `json:"oid"`
	Reason int    `json:"reason"`
}

// heldLock is a lock a session has.
type heldLock struct {
	OID  uint32 `json:"oid"`
	Mode string `json:"mode"`
}

// events reads what was recorded after id, and how many rows were taken back
// with their transactions.
func events(ctx context.Context, conn *pgx.Conn, after int64) (list []event, last int64, undone int64, err error) {
	rows, err := conn.Query(ctx, "SELECT id, at, pid, began, kind, tag, query, objects, locks FROM cutover_rehearsal.event WHERE id > $1 ORDER BY id", after)
	if err != nil {
		return nil, 0, 0, fmt.Errorf("read the recording: %w", err)
	}
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (event, error) {
		var e event
		var objects, locks []byte
		if err := row.Scan(&e.id, &e.at, &e.pid, &e.began, &e.kind, &e.tag, &e.query, &objects, &locks); err != nil {
			return e, err
		}
		return e, errors.Join(json.Unmarshal(objects, &e.objects), json.Unmarshal(locks, &e.locks))
	})
	if err != nil {
		return nil, 0, 0, fmt.Errorf("read the recording: %w", err)
	}
	if err := conn.QueryRow(ctx, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM cutover_rehearsal.event_id_seq").Scan(&last); err != nil {
		return nil, 0, 0, fmt.Errorf("read the recording: %w", err)
	}
	return list, last, last - after - int64(len(list)), nil
}
