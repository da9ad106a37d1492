package nginx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cutover/internal/release"
)

// answer is what one worker said of its route.
type answer struct {
	pid   int
	route served
}

var (
	// errSilent means that nobody answers on the address of the proof.
	errSilent = errors.New("nobody answers there")
	// errDivided means that not all workers serve the same.
	errDivided = errors.New("the workers of nginx serve different routes: it is in the middle of a reload")
)

// askFor bounds one question.
const askFor = 3 * time.Second

// questions is made anew for each question: a connection reaches the same
// worker for as long as it lasts.
var questions = &http.Client{
	Timeout:       askFor,
	Transport:     &http.Transport{DisableKeepAlives: true, Proxy: nil, ResponseHeaderTimeout: askFor},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask has one worker, whichever takes the connection, say what it serves.
func ask(ctx context.Context, n release.Nginx, app string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.Proof+proofPath(app), nil)
	if err != nil {
		return answer{}, fmt.Errorf("ask nginx on %s: %w", n.Proof, err)
	}
	res, err := questions.Do(req)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" && ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", errSilent, err)
		}
		return answer{}, fmt.Errorf("ask nginx on %s: %w", n.Proof, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 2*longest))
	if err != nil {
		return answer{}, fmt.Errorf("ask nginx on %s: %w", n.Proof, err)
	}
	number, word, ok := strings.Cut(strings.TrimSpace(string(text)), " ")
	pid, wrong := strconv.Atoi(number)
	if res.StatusCode != http.StatusOK || !ok || wrong != nil {
		return answer{}, fmt.Errorf("%s answers, but with no route of cutover: choose another port for spec.traffic.nginx.proof", n.Proof)
	}
	route, err := decode(word)
	return answer{pid, route}, err
}

// mostAsked bounds the questions for each worker: each goes to any of them.
const mostAsked = 48

// hear asks until every worker that takes requests has said what it serves, and
// returns that if they all say the same.
func (r *Router) hear(ctx context.Context, n release.Nginx, app string) (served, crew, error) {
	c, err := muster(n)
	if err != nil {
		return served{}, c, err
	}
	known := r.memory(app)
	var said served
	open := map[int]bool{}
	for _, p := range c.current {
		if nonce, ok := known.heard[p]; !ok || nonce != known.nonce {
			open[p.PID] = true
		}
	}
	for i := 0; i == 0 || len(open) > 0; i++ {
		if i >= mostAsked*len(c.current) {
			return served{}, c, fmt.Errorf("%d of %d workers of nginx did not answer on %s: is another nginx running?", len(open), len(c.current), n.Proof)
		}
		a, err := ask(ctx, n, app)
		if err != nil {
			return served{}, c, err
		}
		if !c.serves(a.pid) {
			if c, err = muster(n); err != nil {
				return served{}, c, err
			}
			if !c.serves(a.pid) {
				return served{}, c, fmt.Errorf("process %d answers on %s and is no worker of this nginx that takes requests: end it if another nginx was left running: %w", a.pid, n.Proof, errDivided)
			}
		}
		if i > 0 && a.route.Nonce != said.Nonce {
			return served{}, c, errDivided
		}
		if i == 0 && a.route.Nonce != known.nonce {
			open = map[int]bool{}
			for _, p := range c.current {
				open[p.PID] = true
			}
		}
		said = a.route
		delete(open, a.pid)
	}
	r.remember(app, said.Nonce, c)
	return said, c, nil
}
