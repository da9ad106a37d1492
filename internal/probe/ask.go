// Package probe asks an instance whether it is ready, in the same way whatever
// runs it, and follows its readiness.
package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"cutover/internal/release"
)

// defaultProbe is the limit of a probe whose Health has none.
const defaultProbe = 5 * time.Second

// prober opens a new connection each time: one that was kept open would say
// that an instance is there whose port no longer takes connections. It goes
// straight to the instance, past any proxy the environment names.
var prober = &http.Client{
	Transport: &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	},
}

// Ask asks the instance at addr once whether it is ready, by its path or its
// open port; nil means yes. It ends within Limit.
func Ask(ctx context.Context, h release.Health, addr string) error {
	timeout := Limit(h)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if h.Path == "" {
		return probePort(ctx, addr, timeout)
	}
	return probeHTTP(ctx, h.Path, addr, timeout)
}

// Limit is how long one probe may take.
func Limit(h release.Health) time.Duration {
	if h.Timeout <= 0 {
		return defaultProbe
	}
	return h.Timeout
}

func probePort(ctx context.Context, addr string, timeout time.Duration) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return Explain("connect to "+addr, err, timeout)
	}
	return conn.Close()
}

func probeHTTP(ctx context.Context, path, addr string, timeout time.Duration) error {
	what := "GET " + path
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	req.Header.Set("User-Agent", "cutover")
	res, err := prober.Do(req)
	if err != nil {
		return Explain(what, err, timeout)
	}
	// Only the status counts; a program that is cut off in the middle of a
	// short answer might log it as an error.
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	_ = res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 399 {
		return fmt.Errorf("%s answered %s", what, res.Status)
	}
	return nil
}

// Explain says in words what an error of a probe means; what names the probe.
func Explain(what string, err error, timeout time.Duration) error {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: nothing listens on its port yet", what)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: no answer within %s", what, timeout)
	}
	return fmt.Errorf("%s: %w", what, err)
}
