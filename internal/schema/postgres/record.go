package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/jackc/pgx/v5"
)

// record is what the database itself keeps of an operation, because it must
// change in the same transaction as the schema. Times are the server's.
type record struct {
	expanded, triggers, filled, verified, contracted *time.Time
	// bound is the first page that was not there when the triggers were.
	bound    *int64
	filenode *uint32
	// page is the first one below the bound that may hold unfilled rows. It
	// is written together with them, so it is right whatever a crash of the
	// server takes back.
	page *int64
}

// fresh reports whether a verification covers the triggers as they are.
func (r record) fresh() bool {
	return r.verified != nil && r.filled != nil && r.triggers != nil && r.verified.After(*r.triggers)
}

const createRecords = `CREATE SCHEMA IF NOT EXISTS cutover;
CREATE TABLE IF NOT EXISTS cutover.change (
	change text NOT NULL, operation int NOT NULL, digest text NOT NULL, begun timestamptz NOT NULL DEFAULT clock_timestamp(),
	expanded timestamptz, triggers timestamptz, bound bigint, filenode oid, page bigint, filled timestamptz, verified timestamptz, contracted timestamptz,
	PRIMARY KEY (change, operation))`

// digest identifies what the operations of a change say.
func (s *session) digest() (string, error) {
	var list []any
	for _, op := range s.change.Operations {
		list = append(list, []any{op.Kind(), said(reflect.ValueOf(op))})
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("fingerprinting a schema change: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// said returns what an operation says, without the fields it leaves out: what
// a later version of cutover can say besides must not make another change of
// one that is under way.
func said(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return said(v.Elem())
	case reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				fields[v.Type().Field(i).Name] = said(v.Field(i))
			}
		}
		return fields
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = said(v.Index(i))
		}
		return list
	}
	return v.Interface()
}

// records reads what is kept of the change; nil means that it never began.
func (s *session) records(ctx context.Context) ([]record, error) {
	var there bool
	if err := s.conn.QueryRow(ctx, "SELECT to_regclass('cutover.change') IS NOT NULL").Scan(&there); err != nil || !there {
		return nil, err
	}
	want, err := s.digest()
	if err != nil {
		return nil, err
	}
	rows, err := s.conn.Query(ctx, `SELECT digest, expanded, triggers, bound, filenode, page, filled, verified, contracted
		FROM cutover.change WHERE change = $1 ORDER BY operation`, s.change.Name)
	if err != nil {
		return nil, fmt.Errorf("reading the records of the change %s: %w", s.change.Name, err)
	}
	defer rows.Close()
	var out []record
	for rows.Next() {
		var r record
		var digest string
		if err := rows.Scan(&digest, &r.expanded, &r.triggers, &r.bound, &r.filenode, &r.page, &r.filled, &r.verified, &r.contracted); err != nil {
			return nil, fmt.Errorf("reading the records of the change %s: %w", s.change.Name, err)
		}
		if digest != want {
			return nil, fmt.Errorf("%w: the database has begun a change %s with other operations; revert that one first, or give this one another name", ErrRefused, s.change.Name)
		}
		if r.contracted != nil {
			s.over(len(out))
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// over remembers that an operation is contracted.
func (s *session) over(operation int) {
	if s.contracted == nil {
		s.contracted = map[int]bool{}
	}
	s.contracted[operation] = true
}

// begin records that the change is under way: from here, what has its names
// in the database is its own.
func (s *session) begin(ctx context.Context) error {
	digest, err := s.digest()
	if err != nil {
		return err
	}
	return s.ddl(ctx, "recording the change "+s.change.Name, func(tx pgx.Tx) error {
		if err := exec(ctx, tx, createRecords); err != nil {
			return err
		}
		for i := range s.change.Operations {
			if _, err := tx.Exec(ctx, "INSERT INTO cutover.change (change, operation, digest) VALUES ($1, $2, $3)", s.change.Name, i, digest); err != nil {
				return err
			}
		}
		return nil
	})
}

// mark sets columns of an operation's record, in the caller's transaction.
func (s *session) mark(ctx context.Context, tx pgx.Tx, operation int, set string) error {
	_, err := tx.Exec(ctx, "UPDATE cutover.change SET "+set+" WHERE change = $1 AND operation = $2", s.change.Name, operation)
	if err != nil {
		return fmt.Errorf("recording %s of operation %d: %w", set, operation+1, err)
	}
	return nil
}

// markNow does the same in a transaction of its own.
func (s *session) markNow(ctx context.Context, operation int, set string) error {
	return s.ddl(ctx, "recording progress", func(tx pgx.Tx) error { return s.mark(ctx, tx, operation, set) })
}

// forget removes every trace of the change from the records.
func (s *session) forget(ctx context.Context) error {
	return s.ddl(ctx, "closing the records of "+s.change.Name, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM cutover.change WHERE change = $1", s.change.Name); err != nil {
			return err
		}
		var left bool
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM cutover.change)").Scan(&left); err != nil || left {
			return err
		}
		return exec(ctx, tx, "DROP TABLE cutover.change", "DROP SCHEMA cutover")
	})
}
