// Package prometheus reads signals by PromQL, from Prometheus or whatever
// else has its HTTP API.
package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/environ"
	"cutover/internal/metrics/fetch"
	"cutover/internal/signal"
)

// Reader asks Prometheus. New makes one.
type Reader struct {
	client *fetch.Client
	closed atomic.Bool
}

var _ signal.Reader = (*Reader)(nil)

// New returns a reader.
func New() *Reader { return &Reader{client: fetch.New()} }

// Check implements signal.Reader. Whether a query means anything only the
// server can say; what was cut off is found by the signal's own check.
func (r *Reader) Check(s signal.Signal) error {
	if environ.IsReference(s.Source.At) {
		return environ.CheckReference(s.Source.At)
	}
	u, err := url.Parse(s.Source.At)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("the address of Prometheus cannot be read: write one such as http://127.0.0.1:9090")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("the address of Prometheus has a query: write only where it is, such as http://127.0.0.1:9090")
	case s.Source.Query == "":
		return errors.New("there is no query")
	}
	return nil
}

// Close implements signal.Reader.
func (r *Reader) Close() error {
	r.closed.Store(true)
	r.client.Close()
	return nil
}

// Read implements signal.Reader. Every series that a query finds is a reading
// of its own, so that each counter is followed by itself.
func (r *Reader) Read(ctx context.Context, s signal.Signal, of signal.Subject) []signal.Reading {
	now := time.Now()
	if r.closed.Load() {
		return signal.Unread(s, of, now, "the watch has ended")
	}
	if s.Shared {
		return r.ask(ctx, s, of, signal.Shared, signal.Party{})
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	var list []signal.Reading
	of.Each(func(side signal.Side, p signal.Party) {
		all.Go(func() {
			found := r.ask(ctx, s, of, side, p)
			mu.Lock()
			defer mu.Unlock()
			list = append(list, found...)
		})
	})
	all.Wait()
	return list
}

// ask returns the readings of one side.
func (r *Reader) ask(ctx context.Context, s signal.Signal, of signal.Subject, side signal.Side, p signal.Party) []signal.Reading {
	missing := func(err error) []signal.Reading {
		return []signal.Reading{signal.Missing(side, "", time.Now(), "prometheus: %v", err)}
	}
	query := of.Fill(s.Source.Query, p)
	if s.Source.Of != "" {
		query = both(query, of.Fill(s.Source.Of, p))
	}
	parts, wholes, err := r.query(ctx, s.Source, query)
	if err != nil {
		return missing(err)
	}
	if s.Source.Of != "" && (len(parts) != len(wholes) || len(parts) == 0) {
		return missing(fmt.Errorf("the query finds %d series and that of the whole %d: sum both by the same labels", len(parts), len(wholes)))
	}
	list := make([]signal.Reading, len(parts))
	for i, part := range parts {
		list[i] = signal.Reading{Side: side, Instance: part.name, At: part.at, Value: part.value}
		if wholes == nil {
			continue
		}
		whole, ok := match(part, wholes)
		if !ok {
			return missing(fmt.Errorf("%s has no whole: sum both queries by the same labels", part.name))
		}
		list[i].Of = whole.value
		if s.Source.Rest {
			list[i].Of += part.value
		}
		if part.name != whole.name {
			list[i].Instance = part.name + " of " + whole.name
		}
	}
	return list
}

// match finds the whole with the labels of a part. A single one needs none.
func match(part sample, wholes []sample) (sample, bool) {
	if len(wholes) == 1 {
		return wholes[0], true
	}
	for _, w := range wholes {
		if w.name == part.name {
			return w, true
		}
	}
	return sample{}, false
}

// both asks for a part and its whole at once: between two questions a scrape
// might add to one of them. The lines end comments within the queries.
func both(part, whole string) string {
	return fmt.Sprintf("label_replace(%s\n,%q,%q,\"\",\"\") or label_replace(%s\n,%q,%q,\"\",\"\")",
		part, kindLabel, "part", whole, kindLabel, wholeKind)
}

// The label that tells the whole from its part in one answer.
const (
	kindLabel = "cutover_signal"
	wholeKind = "whole"
)

// query returns the samples that a query finds, and those of wholes.
func (r *Reader) query(ctx context.Context, src signal.Source, query string) (parts, wholes []sample, err error) {
	at, err := environ.Value(src.At)
	if err != nil {
		return nil, nil, fmt.Errorf("find the address: %w", err)
	}
	form := url.Values{"query": {query}}
	if deadline, ok := ctx.Deadline(); ok {
		form.Set("timeout", fmt.Sprintf("%dms", max(time.Until(deadline).Milliseconds(), 1)))
	}
	answer, err := r.client.Ask(ctx, fetch.Question{URL: strings.TrimSuffix(at, "/") + "/api/v1/query", Headers: src.Headers, Form: form})
	if err != nil {
		return nil, nil, err
	}
	all, err := parse(answer)
	for _, one := range all {
		if one.whole {
			wholes = append(wholes, one)
		} else {
			parts = append(parts, one)
		}
	}
	return parts, wholes, err
}
