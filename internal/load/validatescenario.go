package load

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cutover/internal/environ"
	"cutover/internal/jsonpath"
)

// The variables that every user has.
const (
	userVariable      = "userNumber"
	iterationVariable = "iterationNumber"
)

var builtIn = []string{userVariable, iterationVariable}

// methods are those a request may have.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions}

// headerForm is a token as RFC 9110 has it.
var headerForm = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func (p Plan) checkVariables(f finder) {
	for _, name := range slices.Sorted(maps.Keys(p.Variables)) {
		checkName(f.in(name), name)
		checkReference(f.in(name), p.Variables[name])
	}
}

func checkName(f finder, name string) {
	switch {
	case !variableForm.MatchString(name):
		f.tell(strconv.Quote(name)+" cannot be the name of a variable", "use letters, digits and _")
	case slices.Contains(builtIn, name):
		f.tell(name+" is a variable that every user has already", "choose another name")
	}
}

func checkReference(f finder, value string) {
	if !environ.IsReference(value) {
		return
	}
	if err := environ.CheckReference(value); err != nil {
		f.tell(err.Error(), "")
	}
}

func (p Plan) checkScenarios(f finder) {
	if len(p.Scenarios) == 0 {
		f.tell("there is nothing to do", "add a scenario, such as visit: {steps: [{page: /}]}")
	}
	requests, pages := p.rows()
	if len(requests) > mostRequests {
		f.tell(fmt.Sprintf("%d different requests are more than %d", len(requests), mostRequests), "give those that belong together one name")
	}
	for i, s := range p.Scenarios {
		at := f.in(s.Name)
		if s.Name == "" || slices.ContainsFunc(p.Scenarios[:i], func(o Scenario) bool { return o.Name == s.Name }) {
			f.tell(fmt.Sprintf("scenario %d needs a name of its own", i+1), "give it one")
		}
		within(at.in("weight"), s.Weight, 1, 1_000_000)
		s.check(at, p.Variables, pages)
	}
}

// check walks a scenario in the order a user does, since what is captured is
// known only afterwards.
func (s Scenario) check(f finder, variables map[string]string, pages []string) {
	known := slices.Concat(builtIn, slices.Sorted(maps.Keys(variables)))
	if s.Data != nil {
		s.Data.check(f.in("data"), known)
		known = append(known, s.Data.Columns...)
	}
	if !slices.ContainsFunc(s.Steps, func(s Step) bool { return s.Think == nil }) {
		f.in("steps").tell("it sends nothing", "add a request such as http: /, or page: /")
	}
	for i, step := range s.Login {
		known = step.check(f.in("login").in(fmt.Sprintf("[%d]", i)), known, pages)
	}
	for i, step := range s.Steps {
		known = step.check(f.in("steps").in(fmt.Sprintf("[%d]", i)), known, pages)
	}
}

func (d Data) check(f finder, known []string) {
	if len(d.Rows) == 0 {
		f.tell("it has no row", "write a first line with the names of the columns, and a line for each row")
	}
	for i, name := range d.Columns {
		checkName(f, name)
		if slices.Contains(known, name) && !slices.Contains(builtIn, name) || slices.Contains(d.Columns[:i], name) {
			f.tell("the column "+strconv.Quote(name)+" is a variable already", "choose another name")
		}
	}
	for i, row := range d.Rows {
		if len(row) != len(d.Columns) {
			f.tell(fmt.Sprintf("row %d has %d values for %d columns", i+1, len(row), len(d.Columns)), "mend the row")
		}
	}
}

// check returns the variables that are known after the step.
func (s Step) check(f finder, known, pages []string) []string {
	if count(s.Request != nil, s.Page != nil, s.Think != nil) != 1 {
		f.tell("a step is one of http, page and think", "keep one of them, and write the others as steps of their own")
		return known
	}
	switch {
	case s.Think != nil:
		if s.Think.Least < 0 || s.Think.Most < s.Think.Least {
			f.in("think").tell("the pause ends before it begins", "write the shorter time first, such as 1s..3s")
		}
		return known
	case s.Page != nil:
		return s.Page.check(f, known)
	}
	if slices.Contains(pages, s.Request.name()) {
		f.tell("a page is called "+strconv.Quote(s.Request.name())+" too", "give one of them another name")
	}
	return s.Request.check(f, known)
}

func count(facts ...bool) int {
	n := 0
	for _, fact := range facts {
		if fact {
			n++
		}
	}
	return n
}

func (p Page) check(f finder, known []string) []string {
	known = p.document().checkAs(f, f.in("page"), known)
	for i, path := range p.Assets {
		checkPath(f.in("page.assets").in(fmt.Sprintf("[%d]", i)), path, known)
	}
	return known
}

func (r Request) check(f finder, known []string) []string { return r.checkAs(f, f.in("http"), known) }

// checkAs judges a request that is written at the path of at within the step.
func (r Request) checkAs(f, at finder, known []string) []string {
	if !slices.Contains(methods, r.Method) {
		at.in("method").tellUnknown(strconv.Quote(r.Method)+" is not a method", r.Method, methods)
	}
	checkPath(at.in("path"), r.Path, known)
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		if !headerForm.MatchString(name) {
			at.in("headers").in(name).tell(strconv.Quote(name)+" cannot be the name of a header", "use letters, digits, - and _")
		}
		if strings.ContainsAny(r.Headers[name], "\r\n\x00") {
			at.in("headers").in(name).tell("the value has more than one line", "write it on one line")
		}
		checkValue(at.in("headers").in(name), r.Headers[name], known)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Form)) {
		checkValue(at.in("form").in(name), r.Form[name], known)
	}
	if r.Body != "" && len(r.Form) > 0 {
		at.tell("a request has a body or a form, not both", "remove one of the two")
	}
	checkText(at.in("body"), r.Body, known)
	r.Expect.check(f.in("expect"))
	for _, c := range r.Capture {
		c.check(f.in("capture").in(c.Variable))
		known = append(known, c.Variable)
	}
	return known
}

func checkPath(f finder, path string, known []string) {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		f.tell(strconv.Quote(path)+" is not a path", "begin it with one /, such as /health; the host is the target's")
		return
	}
	t := checkText(f, path, known)
	if _, err := url.ParseRequestURI(strings.Join(t.texts, "x")); err != nil || strings.ContainsAny(path, " \t\r\n#") {
		f.tell(strconv.Quote(path)+" cannot be asked for", "write characters such as space and # as %20 and %23")
	}
}

// checkValue judges a value that may be a reference.
func checkValue(f finder, value string, known []string) {
	if environ.IsReference(value) {
		checkReference(f, value)
		return
	}
	checkText(f, value, known)
}

func checkText(f finder, text string, known []string) template {
	t, err := parseTemplate(text)
	if err != nil {
		f.tellError(err, "")
		return template{texts: []string{text}}
	}
	for _, name := range t.names {
		if !slices.Contains(known, name) {
			f.tellUnknown("{{"+name+"}} is not known here", name, known)
		}
	}
	return t
}

func (e Expect) check(f finder) {
	for _, s := range e.Status {
		if s < 200 || s > 599 {
			f.in("status").tell(fmt.Sprintf("no answer ends with status %d", s), "write a number from 200 to 599, or a list of them")
		}
	}
	if _, err := regexp.Compile(e.Regexp); err != nil {
		f.in("regexp").tell(strings.TrimPrefix(err.Error(), "error parsing regexp: "), "see https://pkg.go.dev/regexp/syntax")
	}
	for _, path := range slices.Sorted(maps.Keys(e.JSON)) {
		if _, err := jsonpath.Parse(path); err != nil {
			f.in("json").tell(err.Error(), "write it like $.result[0].name")
		}
	}
}

func (c Capture) check(f finder) {
	checkName(f, c.Variable)
	if count(c.Regexp != "", c.JSON != "", c.Header != "") != 1 {
		f.tell("a value is taken by one of regexp, json and header", "keep one of them")
		return
	}
	if _, err := regexp.Compile(c.Regexp); err != nil {
		f.in("regexp").tell(strings.TrimPrefix(err.Error(), "error parsing regexp: "), "see https://pkg.go.dev/regexp/syntax")
	}
	if c.JSON != "" {
		if _, err := jsonpath.Parse(c.JSON); err != nil {
			f.in("json").tell(err.Error(), "write it like $.result[0].name")
		}
	}
	if c.Header != "" && !headerForm.MatchString(c.Header) {
		f.in("header").tell(strconv.Quote(c.Header)+" cannot be the name of a header", "use letters, digits, - and _")
	}
}
