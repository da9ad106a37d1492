// Package endpoint reads signals from the JSON that a server answers with.
package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cutover/internal/environ"
	"cutover/internal/jsonpath"
	"cutover/internal/metrics/fetch"
	"cutover/internal/signal"
)

// atOnce is how many instances are asked in parallel.
const atOnce = 8

// Reader asks endpoints. New makes one.
type Reader struct {
	client *fetch.Client
	closed atomic.Bool
}

var _ signal.Reader = (*Reader)(nil)

// New returns a reader.
func New() *Reader { return &Reader{client: fetch.New()} }

// Close implements signal.Reader.
func (r *Reader) Close() error {
	r.closed.Store(true)
	r.client.Close()
	return nil
}

// Check implements signal.Reader.
func (r *Reader) Check(s signal.Signal) error {
	_, err := pathsOf(s.Source)
	return errors.Join(checkAddress(s), err)
}

func checkAddress(s signal.Signal) error {
	at := s.Source.At
	switch {
	case environ.IsReference(at):
		return environ.CheckReference(at)
	case strings.HasPrefix(at, "/") && s.Shared:
		return errors.New("a path alone is asked of every instance, so the number cannot be shared: write the whole address")
	case strings.HasPrefix(at, "/"):
		return nil
	}
	u, err := url.Parse(signal.Subject{}.Fill(at, signal.Party{}))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("the address cannot be read: write one such as http://127.0.0.1:9000/stats, or only a path to ask every instance")
	}
	return nil
}

// paths lead to the number and to what it is a part of.
type paths struct {
	value, of jsonpath.Path
	both      bool
}

func pathsOf(src signal.Source) (p paths, err error) {
	if p.value, err = jsonpath.Parse(src.Query); err != nil {
		return p, err
	}
	if p.both = src.Of != ""; p.both {
		p.of, err = jsonpath.Parse(src.Of)
	}
	return p, err
}

// target is one address with whom its number belongs to.
type target struct {
	side     signal.Side
	instance string
	url      string
	// missing says why there is none to ask.
	missing string
}

// targets lists what has to be asked.
func targets(s signal.Signal, of signal.Subject) []target {
	at := s.Source.At
	if s.Shared {
		return []target{{signal.Shared, "", of.Fill(at, signal.Party{}), ""}}
	}
	var list []target
	of.Each(func(side signal.Side, p signal.Party) {
		switch {
		case !strings.HasPrefix(at, "/"):
			list = append(list, target{side, "", of.Fill(at, p), ""})
		case len(p.Instances) == 0:
			list = append(list, target{side: side, missing: "no instance runs"})
		default:
			for _, in := range p.Instances {
				t := target{side, in.ID, "http://" + in.Addr + of.Fill(at, p), ""}
				if in.Addr == "" {
					t.missing = "its address is not known"
				}
				list = append(list, t)
			}
		}
	})
	return list
}

// Read implements signal.Reader.
func (r *Reader) Read(ctx context.Context, s signal.Signal, of signal.Subject) []signal.Reading {
	if r.closed.Load() {
		return signal.Unread(s, of, time.Now(), "the watch has ended")
	}
	p, err := pathsOf(s.Source)
	if err != nil {
		return signal.Unread(s, of, time.Now(), "%v", err)
	}
	ask := targets(s, of)
	list := make([]signal.Reading, len(ask))
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, t := range ask {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			list[i] = r.ask(ctx, s.Source, t, p)
		})
	}
	all.Wait()
	return list
}

func (r *Reader) ask(ctx context.Context, src signal.Source, t target, p paths) signal.Reading {
	if t.missing != "" {
		return signal.Missing(t.side, t.instance, time.Now(), "%s", t.missing)
	}
	answer, err := r.client.Ask(ctx, fetch.Question{URL: t.url, Headers: src.Headers})
	reading := signal.Reading{Side: t.side, Instance: t.instance, At: time.Now()}
	if err == nil && answer.Status != 200 {
		err = fmt.Errorf("the status is %d, not 200", answer.Status)
	}
	if err == nil {
		err = p.read(answer.Body, src.Rest, &reading)
	}
	if err != nil {
		return signal.Missing(t.side, t.instance, time.Now(), "%v", err)
	}
	return reading
}

// read takes the numbers out of an answer.
func (p paths) read(body string, rest bool, into *signal.Reading) error {
	document, err := jsonpath.Decode(body)
	if err != nil {
		return fmt.Errorf("the answer is not JSON: %w", err)
	}
	if into.Value, err = number(p.value, document); err != nil || !p.both {
		return err
	}
	into.Of, err = number(p.of, document)
	if rest {
		into.Of += into.Value
	}
	return err
}

func number(p jsonpath.Path, document any) (float64, error) {
	value, err := p.Find(document)
	if err != nil {
		return 0, err
	}
	text := ""
	switch v := value.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not a number", p)
	}
	return f, nil
}
