package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"cutover/internal/proxy/route"
)

// patience bounds every call, besides the caller's context. It is longer
// than the proxy's own bounds.
const patience = 30 * time.Second

// movedPause is between two questions during a takeover.
const movedPause = 10 * time.Millisecond

// maxReply bounds what is read of an answer.
const maxReply = 16 << 20

// Client speaks to the proxy behind a socket. It may be used by several
// goroutines and outlives restarts of the proxy.
type Client struct {
	socket string
	http   *http.Client
}

// NewClient returns a client for the socket at path. It does not connect.
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		if len(path) > maxSocketPath {
			return nil, fmt.Errorf("the path %s has %d bytes, a Unix socket takes %d", path, len(path), maxSocketPath)
		}
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "unix", path)
	}
	// A new connection for each call: no call fails because a restarted
	// proxy has closed a kept one.
	return &Client{path, &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: patience}}
}

// Health asks who is there. Any error means that no proxy answers.
func (c *Client) Health(ctx context.Context) (Health, error) {
	var out Health
	return out, c.call(ctx, "GET", "/v1/health", nil, nil, &out)
}

// Table reads the table in force.
func (c *Client) Table(ctx context.Context) (route.Table, error) {
	var out route.Table
	return out, c.call(ctx, "GET", "/v1/table", nil, nil, &out)
}

// Change makes a change, with the promises and errors of Plane.Change.
func (c *Client) Change(ctx context.Context, change Change) (Changed, error) {
	var out Changed
	header := http.Header{}
	header.Set("If-Match", `"`+strconv.FormatUint(change.Generation, 10)+`"`)
	header.Set(fenceHeader, strconv.FormatUint(change.Fence, 10))
	path := "/v1/services/" + url.PathEscape(change.App)
	if change.Service == nil {
		return out, c.call(ctx, "DELETE", path, header, nil, &out)
	}
	body := service{change.Service.Route, change.Service.SecretHash}
	return out, c.call(ctx, "PUT", path, header, body, &out)
}

// Stats reads one app's state and accounts.
func (c *Client) Stats(ctx context.Context, app string) (Stats, error) {
	var out Stats
	return out, c.call(ctx, "GET", "/v1/stats?app="+url.QueryEscape(app), nil, nil, &out)
}

// CloseStreams begins to close the streams of a side and returns how many
// there are; 0 also while an earlier order is being carried out.
func (c *Client) CloseStreams(ctx context.Context, order CloseStreams) (int, error) {
	var out closing
	header := http.Header{fenceHeader: {strconv.FormatUint(order.Fence, 10)}}
	err := c.call(ctx, "POST", "/v1/streams/close", header, order, &out)
	return out.Closing, err
}

func (c *Client) call(ctx context.Context, method, path string, header http.Header, body, out any) error {
	var content []byte
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode order for the proxy: %w", err)
		}
		content = b
	}
	return c.whileMoving(ctx, func() error { return c.once(ctx, method, path, header, content, out) })
}

// whileMoving asks again for as long as a takeover may last.
func (c *Client) whileMoving(ctx context.Context, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := ask()
		if !errors.Is(err, ErrMoved) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(movedPause):
		}
	}
}

func (c *Client) once(ctx context.Context, method, path string, header http.Header, content []byte, out any) error {
	r, err := http.NewRequestWithContext(ctx, method, "http://proxy"+path, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("ask the proxy: %w", err)
	}
	if header != nil {
		r.Header = header
	}
	res, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("ask the proxy at %s: %w", c.socket, err)
	}
	defer res.Body.Close()
	return read(res, out)
}

func read(res *http.Response, out any) error {
	content, err := io.ReadAll(io.LimitReader(res.Body, maxReply))
	if err != nil {
		return fmt.Errorf("read the proxy's answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		var f failure
		if err := json.Unmarshal(content, &f); err != nil || f.Message == "" {
			return fmt.Errorf("the proxy answered %s: %.200s", res.Status, content)
		}
		return fmt.Errorf("the proxy refused: %w", f.err())
	}
	if err := json.Unmarshal(content, out); err != nil {
		return fmt.Errorf("understand the proxy's answer: %w", err)
	}
	return nil
}
