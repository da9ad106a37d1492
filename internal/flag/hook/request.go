package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"cutover/internal/environ"
	"cutover/internal/release"
)

// client follows no redirect, since a redirected POST may have told nobody, and
// keeps no connection open.
var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// maxAnswer is how much of an answer is read.
const maxAnswer = 4 << 10

// send tells an app by a request. Any answer of 2xx means that it has heard.
func send(ctx context.Context, o release.FlagOrder) error {
	req, secrets, err := request(ctx, o)
	if err != nil {
		return err
	}
	where := req.Method + " " + req.URL.Scheme + "://" + req.URL.Host + req.URL.Path
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", where, noAnswer(ctx, err, secrets))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s, %s: mend the app, or the hook in spec.flags", where, res.Status, words(environ.Mask(string(body), secrets...)))
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%s answered %s and did not end in time: %w", where, res.Status, ctx.Err())
	}
	return nil
}

// noAnswer says why there was none, without the query of the address.
func noAnswer(ctx context.Context, err error, secrets []string) error {
	var about *url.Error
	if errors.As(err, &about) {
		err = about.Err
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer in time: %w", ctx.Err())
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens there: %w", err)
	}
	return errors.New(environ.Mask(err.Error(), secrets...))
}

// request makes the request, and returns the secrets in it.
func request(ctx context.Context, o release.FlagOrder) (*http.Request, []string, error) {
	fill, h := filled(o), o.Flag.HTTP
	body, kind := fill.Replace(h.Body), ""
	if body == "" && (h.Method == http.MethodPost || h.Method == http.MethodPut || h.Method == http.MethodPatch) {
		text, err := json.Marshal(message(o))
		if err != nil {
			return nil, nil, fmt.Errorf("write the request: %w", err)
		}
		body, kind = string(text), "application/json"
	}
	req, err := http.NewRequestWithContext(ctx, h.Method, fill.Replace(h.URL), strings.NewReader(body))
	if err != nil {
		return nil, nil, errors.New("make the request: the address cannot be read; correct the hook in spec.flags")
	}
	req.Header.Set("User-Agent", "cutover")
	req.Header.Set("Idempotency-Key", o.Key)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	var secrets []string
	for name, text := range h.Headers {
		value, err := environ.Value(text)
		if err != nil {
			return nil, nil, fmt.Errorf("resolve header %s: %w", name, err)
		}
		if value != text {
			secrets = append(secrets, value)
		} else {
			value = fill.Replace(value)
		}
		req.Header.Set(name, value)
		if http.CanonicalHeaderKey(name) == "Host" {
			req.Host = value
		}
	}
	return req, secrets, nil
}

// message is what a hook without a body of its own is sent.
func message(o release.FlagOrder) map[string]any {
	m := map[string]any{"app": o.App, "flag": o.Flag.Name, "enabled": o.On, "key": o.Key}
	if o.Only.Version != "" {
		m["version"] = o.Only.Version
	}
	if o.Only.Component != "" {
		m["component"] = o.Only.Component
	}
	return m
}

// sendable says why no such request could be made here.
func sendable(h release.FlagRequest) error {
	at, err := url.Parse(h.URL)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return errors.New("the address of its hook is no http or https address: correct it in spec.flags")
	}
	for name, text := range h.Headers {
		if _, err := environ.Value(text); err != nil {
			return fmt.Errorf("resolve header %s: %w", name, err)
		}
	}
	return nil
}
