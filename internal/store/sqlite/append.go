package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"cutover/internal/store"
)

// Append writes records and states in one transaction that is on disk when it
// returns. The checkpoint follows the commit. Should it fail to, Append still
// reports what is true, that the records are written, and the next Append
// refuses until the checkpoint can be written again.
func (j *Journal) Append(ctx context.Context, lease store.Lease, after int64, records []store.Record, states []store.State) (store.Head, error) {
	const doing = "append to the journal"
	if err := j.mark(j.every); err != nil {
		return store.Head{}, fmt.Errorf("%s: %w", doing, err)
	}
	var entry store.Entry
	err := j.change(ctx, doing, func(tx *sql.Tx) error {
		held, err := readLease(ctx, tx)
		if err != nil {
			return err
		}
		if err := lease.Fence(held); err != nil {
			return err
		}
		head, err := readHead(ctx, tx)
		if err != nil {
			return err
		}
		if entry, err = store.Compose(head, after, records, states); err != nil {
			return err
		}
		return insert(ctx, tx, entry)
	})
	if err != nil {
		return store.Head{}, err
	}
	entry.Fill(records, states)
	if len(records) > 0 {
		j.wrote(entry.Head)
		_ = j.mark(j.every) // the next Append tries again first, and reports it
	}
	return entry.Head, nil
}

func insert(ctx context.Context, tx *sql.Tx, entry store.Entry) error {
	for _, r := range entry.Records {
		// A nil slice would be stored as NULL.
		data := append([]byte{}, r.Data...)
		_, err := tx.ExecContext(ctx, `
			INSERT INTO event (seq, app, release, type, version, at, actor, data, prev_hash, hash)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			r.Seq, r.App, r.Release, r.Type, r.Version, r.At.UnixNano(), r.Actor, data, r.PrevHash, r.Hash)
		if err != nil {
			return err
		}
	}
	for _, s := range entry.States {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO state (key, seq, body) VALUES (?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET seq = excluded.seq, body = excluded.body`,
			s.Key, s.Seq, []byte(s.Body))
		if err != nil {
			return err
		}
	}
	return nil
}

// queryer is a transaction or a pool.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readHead(ctx context.Context, q queryer) (store.Head, error) {
	return scanHead(ctx, q.QueryRowContext(ctx, "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"))
}

func scanHead(ctx context.Context, row *sql.Row) (store.Head, error) {
	head := store.Start()
	err := row.Scan(&head.Seq, &head.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Start(), nil
	}
	return head, misread(ctx, err)
}
