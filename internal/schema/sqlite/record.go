package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// record is what the database itself keeps of an operation, because it must
// change in the same transaction as the schema.
type record struct {
	// generation is a new random number each time triggers are made; 0 means
	// that the operation is not expanded.
	generation uint32
	// bound is the last rowid there was when the triggers were made.
	bound *int64
	// relaxed are the old columns whose NOT NULL triggers keep meanwhile.
	relaxed []string
	// filled and verified are the generations that were.
	filled, verified *uint32
	contracted       bool
}

func (r record) expanded() bool { return r.generation != 0 }

// isFilled and fresh report whether a fill, and a verification, cover the
// triggers as they are.
func (r record) isFilled() bool { return r.expanded() && r.filled != nil && *r.filled == r.generation }
func (r record) fresh() bool {
	return r.isFilled() && r.verified != nil && *r.verified == r.generation
}

const createRecords = `CREATE TABLE IF NOT EXISTS cutover_change (
	change TEXT NOT NULL, operation INTEGER NOT NULL, digest TEXT NOT NULL, generation INTEGER NOT NULL DEFAULT 0, bound INTEGER,
	relaxed TEXT NOT NULL DEFAULT '[]', filled INTEGER, verified INTEGER, contracted INTEGER NOT NULL DEFAULT 0, written TEXT, PRIMARY KEY (change, operation))`

// digest identifies what the operations of a change say.
func (s *session) digest() (string, error) {
	text, err := json.Marshal(s.change.Operations)
	if err != nil {
		return "", fmt.Errorf("fingerprinting a schema change: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// records reads what is kept of the change; nil means that it never began.
func (s *session) records(ctx context.Context) ([]record, error) {
	there, err := s.exists(ctx, "cutover_change")
	if err != nil || !there {
		return nil, err
	}
	want, err := s.digest()
	if err != nil {
		return nil, err
	}
	var out []record
	err = s.each(ctx, "SELECT digest, generation, bound, relaxed, filled, verified, contracted FROM cutover_change WHERE change = ? ORDER BY operation",
		[]any{s.change.Name}, func(scan func(...any) error) error {
			var r record
			var digest, relaxed string
			if err := scan(&digest, &r.generation, &r.bound, &relaxed, &r.filled, &r.verified, &r.contracted); err != nil {
				return err
			}
			if digest != want {
				return fmt.Errorf("%w: the database has begun a change %s with other operations; revert that one first, or give this one another name", ErrRefused, s.change.Name)
			}
			if err := json.Unmarshal([]byte(relaxed), &r.relaxed); err != nil {
				return err
			}
			out = append(out, r)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("reading the records of the change %s: %w", s.change.Name, err)
	}
	return out, nil
}

// begin records that the change is under way: from here, what has its names
// in the database is its own. It belongs into the caller's transaction.
func (s *session) begin(ctx context.Context) ([]record, error) {
	digest, err := s.digest()
	if err != nil {
		return nil, err
	}
	if err := s.exec(ctx, createRecords); err != nil {
		return nil, err
	}
	for i := range s.change.Operations {
		if _, err := s.run(ctx, "INSERT INTO cutover_change (change, operation, digest) VALUES (?, ?, ?)", s.change.Name, i, digest); err != nil {
			return nil, err
		}
	}
	return make([]record, len(s.change.Operations)), nil
}

// keep writes an operation's record, in the caller's transaction, unless
// another cutover has made other triggers since it was read.
func (s *session) keep(ctx context.Context, operation int, was uint32, r record) error {
	relaxed, err := json.Marshal(append([]string{}, r.relaxed...))
	if err != nil {
		return fmt.Errorf("recording operation %d: %w", operation+1, err)
	}
	n, err := s.run(ctx, `UPDATE cutover_change SET generation = ?, bound = ?, relaxed = ?, filled = ?, verified = ?, contracted = ?, written = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
		WHERE change = ? AND operation = ? AND generation = ?`, r.generation, r.bound, string(relaxed), r.filled, r.verified, r.contracted, s.change.Name, operation, was)
	if err != nil {
		return fmt.Errorf("recording operation %d: %w", operation+1, err)
	}
	if n != 1 {
		return fmt.Errorf("%w: another cutover works on %s", ErrBusy, s.change.Name)
	}
	return nil
}

// forget removes every trace of the change from the records.
func (s *session) forget(ctx context.Context) error {
	if _, err := s.run(ctx, "DELETE FROM cutover_change WHERE change = ?", s.change.Name); err != nil {
		return err
	}
	var left bool
	if err := s.get(ctx, "SELECT EXISTS (SELECT 1 FROM cutover_change)", nil, &left); err != nil || left {
		return err
	}
	return s.exec(ctx, "DROP TABLE cutover_change")
}

// generation returns a number that no earlier triggers had.
func generation() uint32 { return 1 + rand.Uint32N(1<<31-1) }
