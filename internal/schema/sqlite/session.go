package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"cutover/internal/schema"
)

// session is the one connection on which a method does all its work.
type session struct {
	*Engine
	db     *sql.DB
	conn   *sql.Conn
	change schema.Change
}

// open connects to the database for a change that is right by itself.
func (e *Engine) open(ctx context.Context, c schema.Change) (*session, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	// rw: a wrong path is an error, not a new and empty database.
	return e.connect(ctx, c, (&url.URL{Scheme: "file", Path: e.Path}).String(), "rw")
}

func (e *Engine) connect(ctx context.Context, c schema.Change, name, mode string) (*session, error) {
	// A name in double quotes that is no column is to be an error, not a
	// string; foreign keys are checked by verify and must not act meanwhile.
	sync := "synchronous(full)"
	if e.volatile {
		sync = "synchronous(off)"
	}
	query := url.Values{"mode": {mode}, "_dqs": {"0"}, "_pragma": {
		// Within, insist waits for the lock: the pauses SQLite itself makes grow to
		// 100 ms, in which busy writers are always quicker.
		"busy_timeout(5)", "foreign_keys(0)", sync}}
	db, err := sql.Open("sqlite", name+"?"+query.Encode())
	if err != nil {
		return nil, fmt.Errorf("opening %s to change its schema: %w", e.Path, err)
	}
	s := &session{Engine: e, db: db, change: c}
	err = s.retry(ctx, "opening "+e.Path, func() (err error) {
		s.conn, err = db.Conn(ctx)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w; does the file exist, and may this user write to it and its folder?", err), db.Close())
	}
	return s, nil
}

// close ends the session. What it has not committed is taken back.
func (s *session) close() {
	// SQLite takes back by itself what a connection that ends has begun.
	_ = s.conn.Close()
	_ = s.db.Close()
}

// write runs do in one transaction that has the write lock from its first
// statement on, and tries again as long as others hold the lock.
func (s *session) write(ctx context.Context, doing string, do func() error) error {
	return s.retry(ctx, doing, func() error {
		if err := s.insist(ctx, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		err := do()
		if err == nil {
			// Without WAL, readers are waited for.
			err = s.insist(ctx, "COMMIT")
		}
		if err != nil {
			// The error may have ended the transaction, or the context.
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			_, _ = s.conn.ExecContext(last, "ROLLBACK")
		}
		return err
	})
}

// insist runs a statement as soon as the lock it needs is free, and gives up
// after the lock budget. Nobody queues for a lock of SQLite, so that asking
// often, unlike waiting in PostgreSQL, holds nobody up.
func (s *session) insist(ctx context.Context, text string) error {
	for deadline := time.Now().Add(s.lockTimeout()); ; {
		err := s.exec(ctx, text)
		if err == nil || !isBusy(err) || time.Now().After(deadline) {
			return err
		}
		if err := sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
}

// retry repeats do as long as it fails for want of the lock, up to the
// engine's number of tries, with growing pauses of random length.
func (s *session) retry(ctx context.Context, doing string, do func() error) error {
	pause := 20 * time.Millisecond
	for try := 1; ; try++ {
		err := do()
		if err == nil {
			return nil
		}
		if !isBusy(err) {
			return fmt.Errorf("%s: %w", doing, err)
		}
		if try == s.tries() {
			return fmt.Errorf("%s: %w: no write lock within %s, %d times: %w; is there a program that keeps a transaction open?", doing, ErrBusy, s.lockTimeout(), try, err)
		}
		s.report(fmt.Sprintf("%s: somebody holds the write lock, try %d of %d", doing, try, s.tries()))
		if err := sleep(ctx, pause/2+rand.N(pause)); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		pause = min(pause*2, s.maxPause())
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// isBusy reports whether an error is only about who came first.
func isBusy(err error) bool {
	var trouble *sqlite.Error
	if !errors.As(err, &trouble) {
		return false
	}
	kind := trouble.Code() & 0xff // the rest is details
	return kind == lib.SQLITE_BUSY || kind == lib.SQLITE_LOCKED
}

// exec runs statements in order.
func (s *session) exec(ctx context.Context, statements ...string) error {
	for _, text := range statements {
		if s.before != nil {
			s.before(text)
		}
		if _, err := s.conn.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%w in: %s", err, text)
		}
	}
	return nil
}

// run runs one statement with arguments and returns how many rows it wrote.
func (s *session) run(ctx context.Context, text string, args ...any) (int64, error) {
	if s.before != nil {
		s.before(text)
	}
	result, err := s.conn.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, fmt.Errorf("%w in: %s", err, text)
	}
	return result.RowsAffected()
}

// get reads the only row of a query.
func (s *session) get(ctx context.Context, text string, args []any, to ...any) error {
	if s.before != nil {
		s.before(text)
	}
	if err := s.conn.QueryRowContext(ctx, text, args...).Scan(to...); err != nil {
		return fmt.Errorf("%w in: %s", err, text)
	}
	return nil
}

// each calls row for every row of a query, which must not use the session.
func (s *session) each(ctx context.Context, text string, args []any, row func(scan func(...any) error) error) error {
	if s.before != nil {
		s.before(text)
	}
	rows, err := s.conn.QueryContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("%w in: %s", err, text)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// list returns the texts in the only column of a query.
func (s *session) list(ctx context.Context, text string, args ...any) ([]string, error) {
	var all []string
	err := s.each(ctx, text, args, func(scan func(...any) error) error {
		var one string
		err := scan(&one)
		all = append(all, one)
		return err
	})
	return all, err
}
