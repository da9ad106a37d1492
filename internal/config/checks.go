package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"cutover/internal/release"
)

// Checks are questions put to the new instances: all but the last before they
// get traffic.
type Checks struct {
	// The smoke checks: all must pass on every new instance.
	Smoke []Check `json:"smoke,omitempty"`
	// Loads that the new instances get once the smoke checks have passed.
	Load []LoadCheck `json:"load,omitempty"`
	// What is timed on the old and the new instances side by side.
	Baseline *Baseline `json:"baseline,omitempty"`
	// What both versions are asked while traffic shifts, where users ask too little.
	Synthetic *Synthetic `json:"synthetic,omitempty"`
}

// Check is one question: a request or a command.
type Check struct {
	// What to call it; without, what it does.
	Name string `json:"name,omitempty"`
	// The request to send: a path, or method, path, headers and body.
	HTTP *HTTP `json:"http,omitempty"`
	// What the answer must be: a status, or status, json, regexp and latency.
	Expect Expect `json:"expect,omitzero"`
	// The command to run; exit code 0 passes. It gets CUTOVER_ADDR, CUTOVER_URL, CUTOVER_VERSION and CUTOVER_SIDE.
	Run Command `json:"run,omitzero"`
	// Run the command, one text, by sh -c.
	Shell bool `json:"shell,omitempty"`
	// How often a failed try is repeated.
	Retries int `json:"retries,omitempty" jsonschema:"default=2,minimum=0,maximum=1000"`
	// The pause between tries.
	Every Duration `json:"every,omitempty" jsonschema:"default=1s"`
	// The limit of one try.
	Timeout Duration `json:"timeout,omitempty" jsonschema:"default=5s"`
}

// HTTP is a request.
type HTTP struct {
	// The method.
	Method string `json:"method,omitempty" jsonschema:"default=GET,enum=GET,enum=HEAD,enum=POST,enum=PUT,enum=PATCH,enum=DELETE,enum=OPTIONS"`
	// The path, with a query if needed.
	Path string `json:"path" jsonschema:"required" example:"/health"`
	// Headers. A value may be a reference: env:NAME or file:PATH.
	Headers map[string]Text `json:"headers,omitempty"`
	// The body.
	Body string `json:"body,omitempty"`
}

func (HTTP) shortKey() string { return "path" }

// Expect is what an answer must be.
type Expect struct {
	// The accepted status, or a list of them.
	Status Statuses `json:"status,omitempty" jsonschema:"default=200"`
	// Paths such as $.result[0].name with the value each must have.
	JSON map[string]Text `json:"json,omitempty"`
	// A regular expression the body must match.
	Regexp string `json:"regexp,omitempty"`
	// The longest time the answer may take.
	Latency Duration `json:"latency,omitempty"`
}

func (Expect) shortKey() string { return "status" }

// Statuses are status codes: one number, or a list.
type Statuses []int

func (s *Statuses) fromText(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 || n > 599 {
		return &mistake{strconv.Quote(text) + " is not a status", "write a number from 100 to 599, such as 200"}
	}
	*s = Statuses{n}
	return nil
}

func (s *Statuses) fromList(words []Text) {
	*s = nil
	for _, w := range words {
		n, err := strconv.Atoi(string(w))
		if err != nil {
			n = -1
		}
		*s = append(*s, n)
	}
}

func (*Statuses) form() string { return "a status such as 200, or a list of them" }

func (c Checks) validate(dir string, accept func(release.Check) error, tell report) {
	seen := map[string]bool{}
	for i, one := range c.Smoke {
		at := element("smoke", i)
		one.validate(tell.in(at))
		resolved := one.resolve(dir)
		if seen[resolved.Name] {
			tell(join(at, "name"), fmt.Sprintf("another check is called %q too", printable(resolved.Name)), "give each a name of its own")
		}
		seen[resolved.Name] = true
		if accept == nil {
			continue
		}
		if err := accept(resolved); err != nil {
			tell(at, err.Error(), "change the check accordingly")
		}
	}
	if c.Baseline != nil {
		seen[baselineName] = true
	}
	for i, one := range c.Load {
		if seen[one.name()] {
			tell(join(element("load", i), "name"), fmt.Sprintf("another check is called %q too", printable(one.name())), "give each a name of its own")
		}
		seen[one.name()] = true
	}
}

func (c Check) validate(tell report) {
	if (c.HTTP != nil) == c.Run.given() {
		tell("", "a check needs either http or run", "keep one of the two")
	}
	if c.HTTP == nil {
		c.validateCommand(tell)
	} else {
		c.HTTP.validate(tell.in("http"))
		c.Expect.validate(tell.in("expect"))
	}
	checkPositive(c.Timeout, "timeout", tell)
	if c.Retries > 0 {
		checkPositive(c.Every, "every", tell)
	}
}

func (c Check) validateCommand(tell report) {
	if c.Expect.Regexp != "" || c.Expect.JSON != nil || c.Expect.Latency != 0 {
		tell("expect", "a command passes by exit code 0, so nothing of this would count", "remove it, or ask by http")
	}
	if !c.Run.given() {
		return
	}
	if _, err := c.Run.args(c.Shell); err != nil {
		reason, cure := explain(err, "")
		tell("run", reason, cure)
	}
}

func (h HTTP) validate(tell report) {
	checkURLPath(h.Path, "path", tell)
	for name, value := range h.Headers {
		at := entry("headers", name)
		if !headerForm.MatchString(name) {
			tell(at, strconv.Quote(name)+" cannot be the name of a header", "use letters, digits, - and _")
		}
		if strings.ContainsAny(string(value), "\r\n\x00") {
			tell(at, "the value has more than one line", "write it on one line")
		}
		checkReference(string(value), at, tell)
	}
}

func (e Expect) validate(tell report) {
	for _, s := range e.Status {
		if s < 100 || s > 599 {
			tell("status", "a status is a number from 100 to 599", "write one such as 200, or a list such as [200, 204]")
		}
	}
	if len(e.Status) == 0 {
		tell("status", "no status would pass", "write one such as 200, or remove the key")
	}
	if _, err := regexp.Compile(e.Regexp); err != nil {
		tell("regexp", strings.TrimPrefix(err.Error(), "error parsing regexp: "), "see https://pkg.go.dev/regexp/syntax")
	}
}

// resolve gives the check its core form. What validate reports is left as it
// is.
func (c Check) resolve(dir string) release.Check {
	r := release.Check{Name: c.Name, Retries: c.Retries, Every: time.Duration(c.Every), Timeout: time.Duration(c.Timeout)}
	if c.HTTP != nil {
		r.HTTP = c.HTTP.resolve(c.Expect, dir)
		r.Name = orElse(r.Name, c.HTTP.Method+" "+c.HTTP.Path)
		return r
	}
	args, _ := c.Run.args(c.Shell)
	r.Command = &release.CommandCheck{Args: args, Dir: dir}
	r.Name = orElse(r.Name, c.Run.String())
	return r
}

func (h HTTP) resolve(e Expect, dir string) *release.HTTPCheck {
	r := &release.HTTPCheck{
		Method: h.Method, Path: h.Path, Body: h.Body,
		Status: e.Status, Regexp: e.Regexp, MaxLatency: time.Duration(e.Latency),
	}
	if len(h.Headers) > 0 {
		r.Headers = map[string]string{}
	}
	for name, value := range h.Headers {
		r.Headers[name] = absoluteReference(string(value), dir)
	}
	if len(e.JSON) > 0 {
		r.JSON = map[string]string{}
	}
	for path, value := range e.JSON {
		r.JSON[path] = string(value)
	}
	return r
}

func orElse(text, other string) string {
	if text != "" {
		return text
	}
	return other
}
