package load

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cutover/internal/environ"
	"cutover/internal/jsonpath"
)

// program is a plan made ready: every reference is resolved, every text and
// pattern read. It is shared by all users and never changes.
type program struct {
	plan      Plan
	ramp      ramp
	scenarios []scenario
	weights   int
	variables map[string]string
	// secrets are never shown.
	secrets []string
	// requests and pages are the names of the rows.
	requests, pages []string
}

type scenario struct {
	name         string
	weight       int
	login, steps []action
	data         *Data
	// rows are those of its requests in one iteration: what is dropped with it.
	rows []int
}

// action is a step made ready: exactly one part is set.
type action struct {
	call  *call
	page  *pageCall
	think *Think
}

// call is a request made ready.
type call struct {
	row         int
	name        string
	method      string
	path, query template
	asks        bool // there is a query
	headers     []labelled
	form        []labelled
	body        template
	contentType string
	escape      func(string) string
	expect      expectation
	captures    []capture
	follow      bool
}

type labelled struct {
	name string
	text template
}

type pageCall struct {
	row      int
	document *call
	assets   []*call
	find     bool
	assetRow int
}

type expectation struct {
	status  []int
	fields  []wantedField
	pattern *regexp.Regexp
}

type wantedField struct {
	path jsonpath.Path
	want string
}

type capture struct {
	variable string
	pattern  *regexp.Regexp
	path     *jsonpath.Path
	header   string
}

// compile makes a valid plan ready. The error says which reference cannot be
// resolved.
func compile(p Plan) (*program, error) {
	c := &program{plan: p, ramp: p.Stages, variables: map[string]string{}}
	c.requests, c.pages = p.rows()
	for _, name := range slices.Sorted(maps.Keys(p.Variables)) {
		value, err := c.resolve(p.Variables[name])
		if err != nil {
			return nil, fmt.Errorf("resolve the variable %s: %w", name, err)
		}
		c.variables[name] = value
	}
	for _, s := range p.Scenarios {
		one := scenario{name: s.Name, weight: s.Weight, data: s.Data}
		var err error
		if one.login, err = c.actions(s.Login); err == nil {
			one.steps, err = c.actions(s.Steps)
		}
		if err != nil {
			return nil, fmt.Errorf("prepare the scenario %s: %w", s.Name, err)
		}
		one.rows = rowsOf(one.steps)
		c.weights += s.Weight
		c.scenarios = append(c.scenarios, one)
	}
	return c, nil
}

// resolve returns the value a reference names, and any other value as it is.
func (c *program) resolve(value string) (string, error) {
	if !environ.IsReference(value) {
		return value, nil
	}
	secret, err := environ.Resolve(value)
	if err == nil {
		c.secrets = append(c.secrets, secret)
	}
	return secret, err
}

func (c *program) actions(steps []Step) ([]action, error) {
	var list []action
	for _, s := range steps {
		a := action{think: s.Think}
		var err error
		switch {
		case s.Request != nil:
			a.call, err = c.call(*s.Request)
		case s.Page != nil:
			a.page, err = c.page(*s.Page)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

func (c *program) page(p Page) (*pageCall, error) {
	document, err := c.call(p.document())
	if err != nil {
		return nil, err
	}
	page := &pageCall{row: slices.Index(c.pages, p.name()), document: document, find: p.Find,
		assetRow: slices.Index(c.requests, p.name()+assetsRow)}
	for _, path := range p.Assets {
		asset, err := c.call(Request{Name: p.name() + assetsRow, Method: http.MethodGet, Path: path, Headers: p.Headers})
		if err != nil {
			return nil, err
		}
		page.assets = append(page.assets, asset)
	}
	return page, nil
}

func (c *program) call(r Request) (*call, error) {
	one := &call{row: slices.Index(c.requests, r.name()), name: r.name(), method: r.Method, follow: true, escape: plain}
	for _, s := range r.Expect.Status {
		one.follow = one.follow && (s < 300 || s > 399)
	}
	path, query, asks := strings.Cut(r.Path, "?")
	one.path, one.query, one.asks = mustTemplate(path), mustTemplate(query), asks
	var err error
	if one.headers, err = c.labelled(r.Headers); err != nil {
		return nil, err
	}
	if one.form, err = c.labelled(r.Form); err != nil {
		return nil, err
	}
	one.dressBody(r)
	one.expect = expectationOf(r.Expect)
	for _, captured := range r.Capture {
		one.captures = append(one.captures, captureOf(captured))
	}
	return one, nil
}

// dressBody says what the body is, and how values in it are escaped.
func (c *call) dressBody(r Request) {
	c.body = mustTemplate(r.Body)
	for name, value := range r.Headers {
		if http.CanonicalHeaderKey(name) == "Content-Type" {
			c.contentType = value
		}
	}
	trimmed := strings.TrimSpace(r.Body)
	switch {
	case c.contentType != "":
	case len(r.Form) > 0:
		c.contentType = "application/x-www-form-urlencoded"
	case strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "{{") || strings.HasPrefix(trimmed, "["):
		c.contentType = "application/json"
	case r.Body != "":
		c.contentType = "text/plain; charset=utf-8"
	}
	if strings.Contains(c.contentType, "json") {
		c.escape = insideJSON
	}
}

// insideJSON escapes a value for a place between quotes.
func insideJSON(value string) string {
	quoted := jsonpath.Written([]any{value})
	return quoted[2 : len(quoted)-2]
}

func (c *program) labelled(values map[string]string) ([]labelled, error) {
	var list []labelled
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value, t := values[name], template{}
		if environ.IsReference(value) {
			secret, err := c.resolve(value)
			if err != nil {
				return nil, fmt.Errorf("resolve %s: %w", strconv.Quote(name), err)
			}
			t.texts = []string{secret}
		} else {
			t = mustTemplate(value)
		}
		list = append(list, labelled{name, t})
	}
	return list, nil
}

// mustTemplate reads a text that Validate has accepted.
func mustTemplate(text string) template {
	t, err := parseTemplate(text)
	if err != nil {
		panic("load: a text that was accepted cannot be read: " + err.Error())
	}
	return t
}

func mustPath(text string) jsonpath.Path {
	p, err := jsonpath.Parse(text)
	if err != nil {
		panic("load: a path that was accepted cannot be read: " + err.Error())
	}
	return p
}

func expectationOf(e Expect) expectation {
	one := expectation{status: e.Status}
	for _, path := range slices.Sorted(maps.Keys(e.JSON)) {
		one.fields = append(one.fields, wantedField{mustPath(path), e.JSON[path]})
	}
	if e.Regexp != "" {
		one.pattern = regexp.MustCompile(e.Regexp)
	}
	return one
}

func captureOf(c Capture) capture {
	one := capture{variable: c.Variable, header: c.Header}
	if c.Regexp != "" {
		one.pattern = regexp.MustCompile(c.Regexp)
	}
	if c.JSON != "" {
		p := mustPath(c.JSON)
		one.path = &p
	}
	return one
}

// rowsOf lists the rows of the requests that steps are known to make.
func rowsOf(steps []action) []int {
	var rows []int
	for _, s := range steps {
		switch {
		case s.call != nil:
			rows = append(rows, s.call.row)
		case s.page != nil:
			rows = append(rows, s.page.document.row)
			for range s.page.assets {
				rows = append(rows, s.page.assetRow)
			}
		}
	}
	return rows
}
