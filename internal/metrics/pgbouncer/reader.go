// Package pgbouncer reads the pools of PgBouncer from its console.
package pgbouncer

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"cutover/internal/pooler/console"
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
	return console.Check(s.Source.At)
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
	list, err := converse(ctx, at)
	if ctx.Err() != nil {
		return nil, errors.New("PgBouncer did not answer in time")
	}
	return list, err
}

func converse(ctx context.Context, at string) (pools, error) {
	c, err := console.Open(ctx, at)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	sizes, err := c.Show(ctx, "DATABASES")
	if err != nil {
		return nil, err
	}
	used, err := c.Show(ctx, "POOLS")
	if err != nil {
		return nil, err
	}
	return join(used, sizes)
}
