// Package pgbouncer reads the pools of PgBouncer from its console.
package pgbouncer

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"cutover/internal/environ"
	"cutover/internal/signal"
)

// Reader asks PgBouncer. New makes one. Each question has a connection of its
// own, as the console has room for more than it needs.
type Reader struct{ closed atomic.Bool }

var _ signal.Reader = (*Reader)(nil)

// New returns a reader.
func New() *Reader { return &Reader{} }

// Check implements signal.Reader.
func (r *Reader) Check(s signal.Signal) error {
	if _, err := signal.FindMeasure(signal.PgBouncer, s.Source.Query); err != nil {
		return err
	}
	if environ.IsReference(s.Source.At) {
		return environ.CheckReference(s.Source.At)
	}
	config, err := pgconn.ParseConfig(s.Source.At)
	switch {
	case err != nil:
		return errors.New("the console's address cannot be read: write env:NAME, or one such as postgres://stats@127.0.0.1:6432/pgbouncer")
	case config.Password != "":
		return errors.New("the console's address has a password in it: write env:NAME or file:/path")
	case config.Database != "pgbouncer":
		return fmt.Errorf("the address leads to the database %q: the console is the database pgbouncer", config.Database)
	}
	return nil
}

// Close implements signal.Reader.
func (r *Reader) Close() error {
	r.closed.Store(true)
	return nil
}

// Read implements signal.Reader.
func (r *Reader) Read(ctx context.Context, s signal.Signal, of signal.Subject) []signal.Reading {
	if r.closed.Load() {
		return signal.Unread(s, of, time.Now(), "the watch has ended")
	}
	pools, err := ask(ctx, s.Source.At)
	if err != nil {
		return signal.Unread(s, of, time.Now(), "%v", err)
	}
	if s.Shared {
		return []signal.Reading{pools.reading(s, signal.Shared, of.Fill(s.Source.Only, signal.Party{}))}
	}
	var list []signal.Reading
	of.Each(func(side signal.Side, p signal.Party) {
		list = append(list, pools.reading(s, side, of.Fill(s.Source.Only, p)))
	})
	return list
}

// ask reads all pools of the PgBouncer at an address.
func ask(ctx context.Context, at string) (pools, error) {
	var secrets []string
	if environ.IsReference(at) {
		secret, err := environ.Resolve(at)
		if err != nil {
			return nil, fmt.Errorf("find the console's address: %w", err)
		}
		at, secrets = secret, []string{secret}
	}
	config, err := pgconn.ParseConfig(at)
	if err != nil {
		return nil, errors.New("the console's address cannot be read: write one such as postgres://stats@127.0.0.1:6432/pgbouncer")
	}
	secrets = append(secrets, config.Password)
	list, err := converse(ctx, config)
	if ctx.Err() != nil {
		return nil, errors.New("PgBouncer did not answer in time")
	}
	if err != nil {
		return nil, errors.New(environ.Mask(err.Error(), secrets...))
	}
	return list, nil
}

func converse(ctx context.Context, config *pgconn.Config) (pools, error) {
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("PgBouncer cannot be reached: %w", err)
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		// Only questions were asked: nothing can be lost.
		_ = conn.Close(ending)
	}()
	sizes, err := show(ctx, conn, "SHOW DATABASES")
	if err != nil {
		return nil, err
	}
	used, err := show(ctx, conn, "SHOW POOLS")
	if err != nil {
		return nil, err
	}
	return join(used, sizes)
}

// show returns the rows that the console answers with, by column.
func show(ctx context.Context, conn *pgconn.PgConn, command string) ([]map[string]string, error) {
	results, err := conn.Exec(ctx, command).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w; the user must be among stats_users or admin_users", command, err)
	}
	var rows []map[string]string
	for _, result := range results {
		for _, values := range result.Rows {
			row := map[string]string{}
			for i, v := range values {
				row[result.FieldDescriptions[i].Name] = string(v)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}
