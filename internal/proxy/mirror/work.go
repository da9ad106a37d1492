package mirror

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"cutover/internal/release"
	"cutover/internal/shadow"
)

// errEncoding means that a body cannot be read.
var errEncoding = errors.New("the body has an encoding that is not known here")

// work carries copies out until the mirror is closed.
func (m *Mirror) work() {
	for {
		select {
		case <-m.ctx.Done():
			return
		case c := <-m.queue:
			m.carry(c)
		}
	}
}

// carry asks both sides at the same moment and has the answers compared.
func (m *Mirror) carry(c *Copy) {
	defer c.free()
	if c.to.ctx.Err() != nil {
		c.of.dropped.Add(1)
		return
	}
	x := shadow.Sample{Endpoint: shadow.Template(c.method, c.url.Path), First: c.first}
	plain := body{from: &m.budget, limit: m.limits.Body}
	defer plain.free()
	text, err := c.plain(&plain)
	if err != nil {
		c.of.skipped.Add(1)
		return
	}
	x.First.Body = text
	ctx, cancel := context.WithTimeout(c.to.ctx, m.limits.deadline(c.first.Took))
	defer cancel()
	old, fresh := c.to.next()
	var again, green reply
	defer func() { again.body.free(); green.body.free() }()
	again.body, green.body = plain.empty(), plain.empty()
	asks := []func(){func() { m.ask(ctx, fresh, c, &green) }}
	if readOnly(c.method) {
		asks = append(asks, func() { m.ask(ctx, old, c, &again) })
		x.Again = &again.answer
	}
	inAnyOrder(asks)
	switch {
	case c.to.ctx.Err() != nil:
		c.of.dropped.Add(1) // the route has changed: that is nobody's fault
	case again.unfit || green.unfit:
		c.of.skipped.Add(1)
	default:
		x.Green = green.answer
		c.of.take(x, &m.comparing)
	}
}

// inAnyOrder does everything at once and returns when it is done. Who is begun
// with is drawn by lot: where both sides share a state that every request
// changes, the order shows in the answers, and must not tell the sides apart.
func inAnyOrder(all []func()) {
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var done sync.WaitGroup
	for _, f := range all {
		done.Go(f)
	}
	done.Wait()
}

// plain returns the body of the user's answer without its encoding; the copies
// ask for none. room takes what has to be unpacked.
func (c *Copy) plain(room *body) ([]byte, error) {
	packed := c.first.Body
	switch encoding := c.first.Header.Get("Content-Encoding"); {
	case encoding == "" || encoding == "identity" || len(packed) == 0:
		return packed, nil
	case encoding != "gzip":
		return nil, errEncoding
	}
	from, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack the answer: %w", err)
	}
	if _, err := io.Copy(room, from); err != nil {
		return nil, fmt.Errorf("unpack the answer: %w", err)
	}
	return room.bytes, nil
}

func (b *body) empty() body { return body{from: b.from, limit: b.limit} }

// reply is the answer to a copy.
type reply struct {
	answer shadow.Answer
	body   body
	// unfit: there is an answer and it cannot be compared.
	unfit bool
}

// ask sends a copy to one address and fills in the reply.
func (m *Mirror) ask(ctx context.Context, addr string, c *Copy, into *reply) {
	began := time.Now()
	res, err := m.send(ctx, addr, c)
	if err != nil {
		into.answer = shadow.Answer{Failed: reason(err)}
		return
	}
	defer res.Body.Close()
	_, err = io.Copy(&into.body, res.Body)
	switch {
	case errors.Is(err, errLarge), errors.Is(err, errMemory), res.Header.Get("Content-Encoding") != "":
		into.unfit = true
	case err != nil:
		into.answer = shadow.Answer{Failed: reason(err)}
	default:
		into.answer = shadow.Answer{Status: res.StatusCode, Header: res.Header, Body: into.body.bytes, Took: time.Since(began)}
	}
}

func (m *Mirror) send(ctx context.Context, addr string, c *Copy) (*http.Response, error) {
	if addr == "" {
		return nil, errNobody
	}
	to := c.url
	to.Scheme, to.Host = "http", addr
	header := c.header.Clone()
	header.Del("Accept-Encoding")
	header.Set(Header, "1")
	r := &http.Request{Method: c.method, URL: &to, Host: c.host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	if len(c.sent.bytes) > 0 {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(c.sent.bytes)), int64(len(c.sent.bytes))
	}
	if c.to.protocol == release.H2C {
		return m.shared.RoundTrip(r.WithContext(ctx))
	}
	return m.pool.RoundTrip(r.WithContext(ctx))
}

var errNobody = errors.New("no instance is there")

// reason says in few words why there is no answer; the words are compared, so
// they hold no address.
func reason(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, errNobody):
		return "no instance to answer"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	}
	return "the answer broke off"
}
