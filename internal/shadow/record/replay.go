package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"cutover/internal/release"
	"cutover/internal/shadow"
)

// Player plays requests to a version and compares its answers with those of
// the version it is to replace.
type Player struct {
	// Old and New are host:port of both versions.
	Old, New string
	// Rate is how many requests a second, 20 if 0.
	Rate float64
	// Header is set on each request, in place of what was masked.
	Header http.Header
	// Settings say what is compared.
	Settings shadow.Settings
	// Writes has requests played that may change something, to each version once.
	// The versions have to be apart then, each with a state of its own.
	Writes bool
}

// Outcome is what playing a recording has shown.
type Outcome struct {
	release.Comparison
	// LeftOut are the requests that were not played because they write.
	LeftOut int `json:"leftOut,omitempty"`
}

const (
	maxBody      = 4 << 20
	answerWithin = 10 * time.Second
)

// Play sends every request of the recording once to the new version and twice
// to the old one, one after the other, and returns what differs. What writes is
// sent to each once, if it is sent at all: its differences are counted and
// fail nobody, since how much the old version differs from itself is not known.
// A recording that cannot be read is an error; versions that give no answers
// are not.
func (p Player) Play(ctx context.Context, recording io.Reader) (Outcome, error) {
	left := 0
	judge := shadow.NewJudge(p.Settings)
	pool := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 4}
	defer pool.CloseIdleConnections()
	rate := p.Rate
	if rate <= 0 {
		rate = 20
	}
	pace := time.NewTicker(max(time.Duration(float64(time.Second)/rate), time.Microsecond))
	defer pace.Stop()
	err := Read(recording, func(r Request) error {
		if !r.Reads() && !p.Writes {
			left++
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("play the recording: %w", ctx.Err())
		case <-pace.C:
		}
		x, err := p.sample(ctx, pool, r)
		if err != nil {
			return fmt.Errorf("play %s %s: %w", r.Method, r.URI, err)
		}
		if ctx.Err() == nil {
			judge.Take(x)
		}
		return nil
	})
	return Outcome{judge.Report(), left}, err
}

// sample asks the old version, and then both at once in an order drawn by lot.
func (p Player) sample(ctx context.Context, pool *http.Transport, r Request) (shadow.Sample, error) {
	to, err := r.parsed()
	if err != nil {
		return shadow.Sample{}, err
	}
	x := shadow.Sample{Endpoint: shadow.Template(r.Method, to.Path)}
	if !r.Reads() {
		x.First, x.Green = p.ask(ctx, pool, p.Old, r), p.ask(ctx, pool, p.New, r)
		return x, nil
	}
	x.Again = &shadow.Answer{}
	x.First = p.ask(ctx, pool, p.Old, r)
	asks := []func(){
		func() { *x.Again = p.ask(ctx, pool, p.Old, r) },
		func() { x.Green = p.ask(ctx, pool, p.New, r) },
	}
	rand.Shuffle(len(asks), func(i, j int) { asks[i], asks[j] = asks[j], asks[i] })
	var both sync.WaitGroup
	for _, ask := range asks {
		both.Go(ask)
	}
	both.Wait()
	return x, nil
}

func (p Player) ask(ctx context.Context, pool *http.Transport, addr string, r Request) shadow.Answer {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	began := time.Now()
	out, err := http.NewRequestWithContext(ctx, r.Method, "http://"+addr+r.URI, strings.NewReader(r.Body))
	if err != nil {
		return shadow.Answer{Failed: "the request cannot be sent"}
	}
	out.Host, out.Header = r.Host, p.headers(r)
	res, err := pool.RoundTrip(out)
	if err != nil {
		return shadow.Answer{Failed: silence(err)}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return shadow.Answer{Failed: silence(err)}
	}
	return shadow.Answer{Status: res.StatusCode, Header: res.Header, Body: body, Took: time.Since(began)}
}

func silence(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return "no answer"
}

// headers leaves out what was masked and puts in what was given.
func (p Player) headers(r Request) http.Header {
	out := http.Header{"Cutover-Shadow": {"1"}}
	for name, values := range r.Header {
		if len(values) != 1 || values[0] != masked {
			out[name] = values
		}
	}
	for name, values := range p.Header {
		out[name] = values
	}
	out.Del("Accept-Encoding")
	return out
}
