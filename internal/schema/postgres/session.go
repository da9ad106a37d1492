package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cutover/internal/schema"
)

// session is the one connection on which a method does all its work.
type session struct {
	*Engine
	conn   *pgx.Conn
	change schema.Change
	// contracted says which operations are over, by what was read last.
	contracted map[int]bool
}

// open connects, sets limits on that very connection, and makes sure that no
// other cutover works on the same change.
func (e *Engine) open(ctx context.Context, c schema.Change) (*session, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	conn, err := e.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to change the schema: %w", err)
	}
	s := &session{Engine: e, conn: conn, change: c}
	settings := "SET application_name = 'cutover'; SET statement_timeout = 0; SET row_security = off;" +
		" SET idle_in_transaction_session_timeout = '60s'; SET lock_timeout = " + strconv.FormatInt(e.lockTimeout().Milliseconds(), 10) +
		"; SET search_path = " + schema.Quote(e.namespace()) + ", public, pg_temp"
	if _, err := conn.Exec(ctx, settings); err != nil {
		s.close()
		return nil, fmt.Errorf("setting the limits of a connection: %w", err)
	}
	if err := s.alone(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// alone waits until no other cutover works on this change. The backend of one
// that was killed may live for a moment.
func (s *session) alone(ctx context.Context) error {
	return s.await(ctx, func() (string, error) {
		var got bool
		err := s.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtext('cutover'), hashtext($1))", s.change.Name).Scan(&got)
		if err != nil {
			return "", fmt.Errorf("claiming the change %s: %w", s.change.Name, err)
		}
		if !got {
			return "another cutover works on " + s.change.Name, nil
		}
		return "", nil
	})
}

// close ends the session, and with it what it claimed.
func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// The server notices a connection that could not be closed well.
	_ = s.conn.Close(ctx)
}

// await asks again and again, up to the engine's patience, until there is
// nothing to wait for, and reports each new answer.
func (s *session) await(ctx context.Context, blocked func() (string, error)) error {
	deadline := time.NewTimer(s.patience())
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	said := ""
	for {
		what, err := blocked()
		if err != nil || what == "" {
			return err
		}
		if what != said {
			s.report("waiting: " + what)
			said = what
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("%w: waited %s in vain: %s; end it or try again later", ErrBusy, s.patience(), what)
		case <-tick.C:
		}
	}
}

// ddl runs do in one transaction under the lock budget. Where a lock is not to
// be had it lets everybody pass and tries again.
func (s *session) ddl(ctx context.Context, doing string, do func(tx pgx.Tx) error) error {
	err := s.retry(ctx, doing, func() error {
		return pgx.BeginFunc(ctx, s.conn, do)
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "57014" {
		return fmt.Errorf("%w: it was cancelled, or would lock the whole table for longer than the lock budget of %s: %w", ErrRefused, s.lockTimeout(), err)
	}
	return err
}

// brief limits what follows in a transaction, waiting and working, to the lock
// budget: it is for statements that work on a whole table under a lock that
// keeps users out.
func (s *session) brief() string {
	budget := s.lockTimeout().Milliseconds()
	return fmt.Sprintf("SET LOCAL lock_timeout = %d; SET LOCAL statement_timeout = %d", max(1, budget/2), max(1, budget))
}

// retry repeats do as long as it fails for want of a lock, up to the engine's
// number of tries, with growing pauses of random length.
func (s *session) retry(ctx context.Context, doing string, do func() error) error {
	pause := 20 * time.Millisecond
	for try := 1; ; try++ {
		err := do()
		if err == nil {
			return nil
		}
		if !wantsRetry(err) {
			return fmt.Errorf("%s: %w", doing, err)
		}
		if try == s.tries() {
			return fmt.Errorf("%s: %w: no lock within %s, %d times: %w", doing, ErrBusy, s.lockTimeout(), try, err)
		}
		s.report(fmt.Sprintf("%s: somebody holds the lock, try %d of %d", doing, try, s.tries()))
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", doing, ctx.Err())
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(pause*2, s.maxPause())
	}
}

// wantsRetry reports whether an error is only about who came first: a lock
// not available, a deadlock, a serialization failure.
func wantsRetry(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "55P03" || pg.Code == "40P01" || pg.Code == "40001")
}

// exec runs statements in order.
func exec(ctx context.Context, tx pgx.Tx, statements ...string) error {
	for _, sql := range statements {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%w in: %s", err, sql)
		}
	}
	return nil
}

// name returns the qualified name of a table or index.
func (s *session) name(n string) string {
	return schema.Quote(s.namespace()) + "." + schema.Quote(n)
}
