//go:build superset

package superset_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// person is a browser that is logged in: a cookie and nothing else.
type person struct {
	client *http.Client
	base   string
	csrf   string
}

var token = regexp.MustCompile(`name="csrf_token"[^>]*value="([^"]+)"`)

// login logs a person in by the form, as people do.
func login(ctx context.Context, base string) (*person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	// A redirection to the login is an answer to be seen, not followed.
	p := &person{base: base, client: &http.Client{Jar: jar, Timeout: 10 * time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	page, _, err := p.ask(ctx, "GET", "/login/", nil)
	if err != nil {
		return nil, err
	}
	found := token.FindSubmatch(page)
	if found == nil {
		return nil, fmt.Errorf("the page of the login has no token: %.300s", page)
	}
	form := url.Values{"csrf_token": {string(found[1])}, "username": {"admin"}, "password": {"admin"}}
	if _, status, err := p.ask(ctx, "POST", "/login/", form); err != nil || status != http.StatusFound {
		return nil, fmt.Errorf("log in: status %d, %v", status, err)
	}
	var answer struct{ Result string }
	if err := p.must(ctx, "GET", "/api/v1/security/csrf_token/", nil, &answer); err != nil {
		return nil, err
	}
	p.csrf = answer.Result
	return p, nil
}

// ask sends one request and reads the whole answer.
func (p *person) ask(ctx context.Context, method, path string, body any) ([]byte, int, error) {
	var reader io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case url.Values:
		reader, kind = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		data, err := json.Marshal(b)
		if err != nil {
			return nil, 0, err
		}
		reader = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, p.base+path, reader)
	if err != nil {
		return nil, 0, err
	}
	// Superset 5 reads the body of a GET that says it has JSON, and fails.
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set("Referer", p.base+path)
	if p.csrf != "" {
		r.Header.Set("X-CSRFToken", p.csrf)
	}
	a, err := p.client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	return text, a.StatusCode, err
}

// must sends one request and demands that it succeeds.
func (p *person) must(ctx context.Context, method, path string, body, into any) error {
	text, status, err := p.ask(ctx, method, path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if status < 200 || status > 299 {
		return fmt.Errorf("%s %s answered %d: %.300s", method, path, status, text)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s %s: %w: %.300s", method, path, err, text)
	}
	return nil
}

// query runs SQL in SQL Lab and waits for its rows.
func (p *person) query(ctx context.Context, database int, sql string) (rows []map[string]any, err error) {
	var answer struct{ Data []map[string]any }
	err = p.must(ctx, "POST", "/api/v1/sqllab/execute/", map[string]any{"database_id": database, "sql": sql, "runAsync": false,
		"client_id": fmt.Sprintf("%011x", time.Now().UnixNano()&0xfffffffffff), "sql_editor_id": "1", "tab": "test", "queryLimit": 100}, &answer)
	return answer.Data, err
}
