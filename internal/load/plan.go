package load

import "time"

// Plan is everything about a load: what is sent, how much of it, where to, and
// what must come out. It is a value that can be kept as JSON. Secrets are in
// it as env:NAME or file:PATH, and are looked up when the load begins.
type Plan struct {
	Name string `json:"name"`
	// Targets share the load: users and arrivals are dealt to them in turn.
	Targets []Target `json:"targets"`
	// Against, if not empty, gets the same load in the same seconds: the
	// baseline to compare with.
	Against []Target `json:"against,omitempty"`
	// Allow names the hosts, without port, that may be loaded although they
	// are not this machine.
	Allow []string `json:"allow,omitempty"`

	Model Model `json:"model"`
	// Stages are how much is sent, one after the other. What they last together is
	// the longest the load goes on.
	Stages []Stage `json:"stages"`
	// Iterations ends the load after that many on each side; 0 is no limit.
	Iterations int `json:"iterations,omitempty"`
	// WarmUp is how long from the beginning nothing is measured.
	WarmUp time.Duration `json:"warmUp,omitempty"`
	// InFlight bounds, in the open model, how many iterations are under way on
	// one side. What would be one more is not sent, and counted as dropped.
	InFlight int `json:"inFlight,omitempty"`
	// Timeout limits one request from its sending to the end of its answer.
	Timeout time.Duration `json:"timeout"`
	// Synthetic has every request carry SyntheticHeader.
	Synthetic bool `json:"synthetic,omitempty"`
	// NewConnections opens a connection for every request.
	NewConnections bool `json:"newConnections,omitempty"`
	// Seed makes the choices: scenarios and think times are the same in every
	// run, and on both sides.
	Seed uint64 `json:"seed,omitempty"`

	// Variables stand for {{name}} in requests. A value may be a reference.
	Variables map[string]string `json:"variables,omitempty"`
	Scenarios []Scenario        `json:"scenarios"`
	// Thresholds are what must come out. They are judged when the load is over.
	Thresholds []Threshold `json:"thresholds,omitempty"`
}

// Model says who decides when the next request is sent.
type Model string

const (
	// Open is the clock: iterations begin at a rate.
	Open Model = "open"
	// Closed are the users: each begins an iteration when the last is over.
	Closed Model = "closed"
)

// Target is one place the load goes to.
type Target struct {
	// Name is what results call it; empty means its URL.
	Name string `json:"name,omitempty"`
	// URL is scheme, host and port, such as http://127.0.0.1:8080.
	URL string `json:"url"`
}

func (t Target) name() string {
	if t.Name != "" {
		return t.Name
	}
	return t.URL
}

// Stage is a time in which the level goes evenly from one value to another.
// The level is iterations a second in the open model, users in the closed.
type Stage struct {
	From  float64       `json:"from"`
	To    float64       `json:"to"`
	Lasts time.Duration `json:"lasts"`
}

// Scenario is what one user does in one iteration.
type Scenario struct {
	Name string `json:"name"`
	// Weight is its share among the scenarios' weights; at least 1.
	Weight int `json:"weight"`
	// Login is done once by each user, before its first iteration.
	Login []Step `json:"login,omitempty"`
	Steps []Step `json:"steps"`
	Data  *Data  `json:"data,omitempty"`
}

// Data are rows whose columns are variables.
type Data struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	// PerUser gives each user a row for good; else each iteration takes the
	// next row. After the last row comes the first.
	PerUser bool `json:"perUser,omitempty"`
}

// Step is one thing a user does: exactly one of its parts is set.
type Step struct {
	Request *Request `json:"request,omitempty"`
	Page    *Page    `json:"page,omitempty"`
	Think   *Think   `json:"think,omitempty"`
}

// Request is one HTTP request. In path, headers, form and body {{name}} is
// replaced by the variable of that name, escaped as the place demands.
type Request struct {
	// Name is the row it is counted under; empty means method and path.
	Name   string `json:"name,omitempty"`
	Method string `json:"method"`
	Path   string `json:"path"`
	// Headers and Form have values that may be references as a whole.
	Headers map[string]string `json:"headers,omitempty"`
	Form    map[string]string `json:"form,omitempty"`
	Body    string            `json:"body,omitempty"`
	Expect  Expect            `json:"expect,omitzero"`
	// Capture are values of the answer that become variables of the user.
	Capture []Capture `json:"capture,omitempty"`
}

// Page is a page load: a document by GET, and then its assets, six at a time,
// from the same target.
type Page struct {
	// Name is the row the page load is counted under. The document and the
	// assets have rows of their own, with these words behind the name.
	Name    string            `json:"name,omitempty"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers,omitempty"`
	// Assets are paths. With Find they are the scripts, styles and images that
	// the document names, at most 100.
	Assets  []string  `json:"assets,omitempty"`
	Find    bool      `json:"find,omitempty"`
	Expect  Expect    `json:"expect,omitzero"`
	Capture []Capture `json:"capture,omitempty"`
}

// Think is a pause, drawn evenly from a span.
type Think struct {
	Least time.Duration `json:"least"`
	Most  time.Duration `json:"most"`
}

// Expect is what an answer must be.
type Expect struct {
	// Status lists what is accepted; empty means everything below 400.
	// Redirects within the target are followed, as the same request, unless a
	// status from 300 to 399 is listed.
	Status []int `json:"status,omitempty"`
	// JSON has paths such as $.result[0].name with the value each must have.
	JSON map[string]string `json:"json,omitempty"`
	// Regexp must match within the first MiB of the body.
	Regexp string `json:"regexp,omitempty"`
}

// Capture takes a value out of an answer: exactly one of Regexp, JSON and
// Header is set. An answer without the value is an error.
type Capture struct {
	Variable string `json:"variable"`
	// Regexp matches within the first MiB of the body; the value is its first
	// group, or without groups the match.
	Regexp string `json:"regexp,omitempty"`
	JSON   string `json:"json,omitempty"`
	Header string `json:"header,omitempty"`
}

func (r Request) name() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Method + " " + r.Path
}

func (p Page) name() string {
	if p.Name != "" {
		return p.Name
	}
	return "page " + p.Path
}

// document is the request that a page begins with.
func (p Page) document() Request {
	return Request{Name: p.name() + documentRow, Method: "GET", Path: p.Path, Headers: p.Headers, Expect: p.Expect, Capture: p.Capture}
}

// What stands behind a page's name in the rows of its parts.
const (
	documentRow = " document"
	assetsRow   = " assets"
)
