package api

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

	"cutover/internal/rehearsal"
	"cutover/internal/release"
)

// Client talks to the controller behind a socket.
type Client struct {
	http *http.Client
}

// NewClient returns a client for the socket at path. It connects when it is
// first used.
func NewClient(path string) *Client {
	var d net.Dialer
	return &Client{&http.Client{Transport: &http.Transport{
		DialContext:     func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", path) },
		IdleConnTimeout: 30 * time.Second,
	}}}
}

// ErrAbsent means that no controller answers.
var ErrAbsent = errors.New("no controller answers")

// Error is what a controller answered instead of a result.
type Error struct {
	Failure
	Code int
}

func (e *Error) Error() string { return e.Failure.Error }

// Info returns who answers, or ErrAbsent.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var i Info
	return i, c.get(ctx, "/v1/info", &i)
}

// Apps returns what stands of each app.
func (c *Client) Apps(ctx context.Context) ([]release.Standing, error) {
	var list []release.Standing
	return list, c.get(ctx, "/v1/apps", &list)
}

// Releases returns every release of an app, or of all, oldest first.
func (c *Client) Releases(ctx context.Context, app string) ([]release.State, error) {
	var list []release.State
	return list, c.get(ctx, "/v1/releases?app="+url.QueryEscape(app), &list)
}

// View returns one release as it stands.
func (c *Client) View(ctx context.Context, name string) (View, error) {
	var v View
	return v, c.get(ctx, "/v1/releases/"+url.PathEscape(name), &v)
}

// Plan returns the plan of the release in the files.
func (c *Client) Plan(ctx context.Context, f Files) (release.Plan, error) {
	var p release.Plan
	return p, c.plan(ctx, "/v1/plan", f, &p)
}

// Deploy records the release in the files and begins it. It is safe to repeat.
func (c *Client) Deploy(ctx context.Context, f Files) (Deployed, error) {
	var d Deployed
	return d, c.plan(ctx, "/v1/deploy", f, &d)
}

// Request asks something of a release and returns how it stands then.
func (c *Client) Request(ctx context.Context, name string, verb release.Verb, reason string) (View, error) {
	var v View
	return v, c.post(ctx, "/v1/releases/"+url.PathEscape(name)+"/"+string(verb), Ask{Reason: reason}, &v)
}

// FullRollback begins the release that brings back what stood before another
// one, with the data of its backup. It is safe to repeat.
func (c *Client) FullRollback(ctx context.Context, name string) (Deployed, error) {
	var d Deployed
	return d, c.post(ctx, "/v1/releases/"+url.PathEscape(name)+"/full-rollback", struct{}{}, &d)
}

// Allow lifts the rejection of a version.
func (c *Client) Allow(ctx context.Context, app, version, reason string) error {
	return c.post(ctx, "/v1/apps/"+url.PathEscape(app)+"/allow", AllowVersion{Version: version, Reason: reason}, &struct{}{})
}

// VerifySchema reads every row that a release gives two shapes. It takes as
// long as the database is large.
func (c *Client) VerifySchema(ctx context.Context, name string) (Verified, error) {
	var v Verified
	return v, c.ask(ctx, http.MethodGet, "/v1/releases/"+url.PathEscape(name)+"/schema", nil, &v)
}

// Backups returns the backups of an app, the newest first.
func (c *Client) Backups(ctx context.Context, app string) ([]Backup, error) {
	var list []Backup
	return list, c.get(ctx, "/v1/apps/"+url.PathEscape(app)+"/backups", &list)
}

// VerifyBackup proves that a backup can be restored. It takes as long as that
// takes.
func (c *Client) VerifyBackup(ctx context.Context, app, name string) (Backup, error) {
	var b Backup
	return b, c.ask(ctx, http.MethodPost, "/v1/apps/"+url.PathEscape(app)+"/backups/"+url.PathEscape(name)+"/verify", nil, &b)
}

// Rehearse tries the schema change of the release in the files on a clone of
// its database. It takes as long as the database is large.
func (c *Client) Rehearse(ctx context.Context, ask Rehearse) (rehearsal.Report, error) {
	var report rehearsal.Report
	body, err := json.Marshal(ask)
	if err != nil {
		return report, fmt.Errorf("encode the request: %w", err)
	}
	return report, c.ask(ctx, http.MethodPost, "/v1/rehearse", bytes.NewReader(body), &report)
}

// Lines returns journal records after seq; where there are none it waits up to
// wait (whole seconds) for one.
func (c *Client) Lines(ctx context.Context, after int64, app, name string, wait time.Duration) ([]Line, error) {
	q := url.Values{"after": {strconv.FormatInt(after, 10)}, "app": {app}, "release": {name}, "wait": {strconv.Itoa(int(wait.Seconds()))}}
	var list []Line
	return list, c.get(ctx, "/v1/journal?"+q.Encode(), &list)
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	return c.do(ctx, http.MethodGet, path, nil, into)
}

func (c *Client) post(ctx context.Context, path string, body, into any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	return c.do(ctx, http.MethodPost, path, bytes.NewReader(b), into)
}

// planLimit bounds an exchange in which the controller makes a plan: it looks
// whether the databases fit and what their SQL would do.
const planLimit = 5 * time.Minute

func (c *Client) plan(ctx context.Context, path string, f Files, into any) error {
	b, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, planLimit)
	defer cancel()
	return c.ask(ctx, http.MethodPost, path, bytes.NewReader(b), into)
}

// answerLimit bounds one exchange; long polls stay below it.
const answerLimit = 40 * time.Second

func (c *Client) do(ctx context.Context, method, path string, body io.Reader, into any) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	return c.ask(ctx, method, path, body, into)
}

// ask is one exchange that lasts as long as ctx.
func (c *Client) ask(ctx context.Context, method, path string, body io.Reader, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://cutover"+path, body)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return fmt.Errorf("%w: %w", ErrAbsent, op.Err)
		}
		return fmt.Errorf("ask the controller: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		e := &Error{Code: resp.StatusCode}
		if json.NewDecoder(resp.Body).Decode(&e.Failure) != nil || e.Failure.Error == "" {
			e.Failure = Failure{Kind: "failed", Error: "the controller answered " + resp.Status}
		}
		return e
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("read the controller's answer: %w", err)
	}
	return nil
}
