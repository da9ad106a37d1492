package sqlite

import (
	"context"
	"errors"
	"strings"
	"time"

	"cutover/internal/store"
)

// Head returns the end of the journal.
func (j *Journal) Head(ctx context.Context) (store.Head, error) {
	head, err := readHead(ctx, j.reader)
	if err != nil {
		return store.Head{}, explain(ctx, "read the end of the journal", j.path, err)
	}
	return head, nil
}

// Records returns the selected records in order, as they were in one instant.
func (j *Journal) Records(ctx context.Context, q store.Query) ([]store.Record, error) {
	records, err := readRecords(ctx, j.reader, q)
	if err != nil {
		return nil, unreadable(q, records, explain(ctx, "read the journal", j.path, err))
	}
	return records, nil
}

// unreadable names the record after the last one that could be read, if err
// says that the file is damaged.
func unreadable(q store.Query, read []store.Record, err error) error {
	var corrupt *store.CorruptError
	if !errors.As(err, &corrupt) {
		return err
	}
	corrupt.Seq = q.After + 1
	if n := len(read); n > 0 {
		corrupt.Seq = read[n-1].Seq + 1
	}
	return err
}

func readRecords(ctx context.Context, from queryer, q store.Query) ([]store.Record, error) {
	where, args := []string{"seq > ?"}, []any{q.After}
	if q.App != "" {
		where, args = append(where, "app = ?"), append(args, q.App)
	}
	if q.Release != "" {
		where, args = append(where, "release = ?"), append(args, q.Release)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = -1 // SQLite's "no limit"
	}
	rows, err := from.QueryContext(ctx, `
		SELECT seq, app, release, type, version, at, actor, data, prev_hash, hash
		FROM event WHERE `+strings.Join(where, " AND ")+` ORDER BY seq LIMIT ?`, append(args, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var records []store.Record
	for rows.Next() {
		var r store.Record
		var nanos int64
		var data []byte
		if err := rows.Scan(&r.Seq, &r.App, &r.Release, &r.Type, &r.Version, &nanos, &r.Actor, &data, &r.PrevHash, &r.Hash); err != nil {
			return records, misread(ctx, err)
		}
		r.At = time.Unix(0, nanos).UTC()
		if len(data) > 0 {
			r.Data = data
		}
		records = append(records, r)
	}
	return records, rows.Err()
}

// States returns all states whose key begins with prefix, sorted by key.
func (j *Journal) States(ctx context.Context, prefix string) ([]store.State, error) {
	states, err := readStates(ctx, j.reader, prefix)
	if err != nil {
		return nil, explain(ctx, "read the states beside the journal", j.path, err)
	}
	return states, nil
}

func readStates(ctx context.Context, from queryer, prefix string) ([]store.State, error) {
	rows, err := from.QueryContext(ctx, "SELECT key, seq, body FROM state WHERE key >= ? ORDER BY key", prefix)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var states []store.State
	for rows.Next() {
		var s store.State
		var body []byte
		if err := rows.Scan(&s.Key, &s.Seq, &body); err != nil {
			return nil, misread(ctx, err)
		}
		// In order of bytes, the keys with one prefix follow each other.
		if !strings.HasPrefix(s.Key, prefix) {
			break
		}
		s.Body = body
		states = append(states, s)
	}
	return states, rows.Err()
}
