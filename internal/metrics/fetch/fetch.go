// Package fetch asks a server over HTTP for a bounded answer, with secrets
// that are found when they are needed and never shown.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cutover/internal/environ"
)

// MaxAnswer is the longest answer that is read, in bytes.
const MaxAnswer = 1 << 20

// Client asks servers. New makes one.
type Client struct{ http http.Client }

// New returns a client that follows no redirections: a number from elsewhere
// than was asked is none.
func New() *Client {
	return &Client{http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 2, MaxConnsPerHost: 8, IdleConnTimeout: time.Minute,
			TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close closes connections that are kept for the next question.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Question is what is asked. URL and header values may be references.
type Question struct {
	URL     string
	Headers map[string]string
	// Form is sent in the body; without, the URL is only read.
	Form url.Values
}

// Answer is what the server said.
type Answer struct {
	Status int
	Body   string
}

// Ask returns the server's answer, whatever its status. An error has no
// secret and no query in it.
func (c *Client) Ask(ctx context.Context, q Question) (Answer, error) {
	request, secrets, err := q.request(ctx)
	if err != nil {
		return Answer{}, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return Answer{}, errors.New(environ.Mask(reason(ctx, request.URL, err), secrets...))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxAnswer+1))
	switch {
	case err != nil:
		return Answer{}, errors.New(environ.Mask(reason(ctx, request.URL, err), secrets...))
	case len(body) > MaxAnswer:
		return Answer{}, fmt.Errorf("%s answers with more than 1 MiB", request.URL.Host)
	}
	return Answer{response.StatusCode, environ.Mask(string(body), secrets...)}, nil
}

func (q Question) request(ctx context.Context) (*http.Request, []string, error) {
	var secrets []string
	resolve := func(value string) (string, error) {
		if !environ.IsReference(value) {
			return value, nil
		}
		secret, err := environ.Resolve(value)
		secrets = append(secrets, secret)
		return secret, err
	}
	address, err := resolve(q.URL)
	if err != nil {
		return nil, nil, fmt.Errorf("find the address: %w", err)
	}
	method, body := http.MethodGet, io.Reader(nil)
	if q.Form != nil {
		method, body = http.MethodPost, strings.NewReader(q.Form.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, nil, errors.New("the address cannot be read: write one such as http://127.0.0.1:9090")
	}
	if q.Form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range q.Headers {
		if value, err = resolve(value); err != nil {
			return nil, nil, fmt.Errorf("find the header %s: %w", name, err)
		}
		request.Header.Set(name, value)
	}
	return request, secrets, nil
}

// reason says why there was no answer, without the address's query or user.
func reason(ctx context.Context, at *url.URL, err error) string {
	if ctx.Err() != nil {
		return at.Host + " did not answer in time"
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return at.Host + " does not answer: " + err.Error()
}
