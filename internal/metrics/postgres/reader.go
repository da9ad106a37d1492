// Package postgres reads what PostgreSQL says of its own load.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/environ"
	"cutover/internal/signal"
)

// Reader asks databases. New makes one.
type Reader struct {
	mu     sync.Mutex
	closed bool
	// lines has one connection for each address.
	lines map[string]*line
}

var _ signal.Reader = (*Reader)(nil)

// New returns a reader.
func New() *Reader { return &Reader{lines: map[string]*line{}} }

// Check implements signal.Reader.
func (r *Reader) Check(s signal.Signal) error {
	if _, err := signal.FindMeasure(signal.Postgres, s.Source.Query); err != nil {
		return err
	}
	return checkAddress(s.Source.At)
}

func checkAddress(at string) error {
	if environ.IsReference(at) {
		return environ.CheckReference(at)
	}
	config, err := pgx.ParseConfig(at)
	switch {
	case err != nil:
		return errors.New("the database's address cannot be read: write env:NAME, or one such as postgres://host/database")
	case config.Password != "":
		return errors.New("the database's address has a password in it: write env:NAME or file:/path")
	}
	return nil
}

// Close implements signal.Reader.
func (r *Reader) Close() error {
	r.mu.Lock()
	r.closed = true
	all := r.lines
	r.lines = map[string]*line{}
	r.mu.Unlock()
	for _, l := range all {
		// Whoever reads has a deadline.
		l.turn <- struct{}{}
		l.hangUp()
	}
	return nil
}

// Read implements signal.Reader.
func (r *Reader) Read(ctx context.Context, s signal.Signal, of signal.Subject) []signal.Reading {
	l := r.line(s.Source.At)
	if l == nil {
		return signal.Unread(s, of, time.Now(), "the watch has ended")
	}
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return signal.Unread(s, of, time.Now(), "the database did not answer in time")
	}
	defer func() { <-l.turn }()
	if s.Shared {
		return []signal.Reading{l.reading(ctx, s, signal.Shared, of.Fill(s.Source.Only, signal.Party{}))}
	}
	var list []signal.Reading
	of.Each(func(side signal.Side, p signal.Party) {
		list = append(list, l.reading(ctx, s, side, of.Fill(s.Source.Only, p)))
	})
	return list
}

func (r *Reader) line(at string) *line {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	if r.lines[at] == nil {
		r.lines[at] = &line{at: at, turn: make(chan struct{}, 1)}
	}
	return r.lines[at]
}

// line is a connection to one address, opened when it is needed.
type line struct {
	at string
	// turn is held by whoever asks.
	turn   chan struct{}
	conn   *pgx.Conn
	secret []string
}

func (l *line) reading(ctx context.Context, s signal.Signal, side signal.Side, only string) signal.Reading {
	r, err := l.ask(ctx, s.Source, only)
	if err != nil {
		l.hangUp()
		if ctx.Err() != nil {
			err = errors.New("the database did not answer in time")
		}
		return signal.Missing(side, "", time.Now(), "%s", environ.Mask(err.Error(), l.secret...))
	}
	r.Side, r.At = side, time.Now()
	return r
}

// connect opens the line, for reading only.
func (l *line) connect(ctx context.Context) error {
	if l.conn != nil {
		return nil
	}
	at := l.at
	if environ.IsReference(at) {
		secret, err := environ.Resolve(at)
		if err != nil {
			return fmt.Errorf("find the database's address: %w", err)
		}
		at, l.secret = secret, []string{secret}
	}
	config, err := pgx.ParseConfig(at)
	if err != nil {
		return errors.New("the database's address cannot be read: write one such as postgres://host/database")
	}
	l.secret = append(l.secret, config.Password)
	config.RuntimeParams["application_name"] = "cutover signals"
	config.RuntimeParams["default_transaction_read_only"] = "on"
	config.RuntimeParams["statement_timeout"] = "10s"
	if l.conn, err = pgx.ConnectConfig(ctx, config); err != nil {
		return fmt.Errorf("the database cannot be reached: %w", err)
	}
	return nil
}

// hangUp closes the line; the next question opens it again.
func (l *line) hangUp() {
	if l.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// Only questions were asked: nothing can be lost.
	_ = l.conn.Close(ctx)
	l.conn = nil
}
