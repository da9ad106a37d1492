package check

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"cutover/internal/environ"
	"cutover/internal/jsonpath"
	"cutover/internal/load"
	"cutover/internal/release"
)

// methods are those an HTTP check may use; empty is GET.
var methods = []string{"", http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions}

// headerName is a token as RFC 9110 has it.
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// Validate returns everything that is wrong with a check, joined, without
// asking anybody anything: references are judged by their form only.
func Validate(c release.Check) error {
	var wrong []error
	if c.Name == "" {
		wrong = append(wrong, errors.New("it has no name"))
	}
	if c.Retries < 0 || c.Every < 0 || c.Timeout < 0 {
		wrong = append(wrong, errors.New("retries, every and timeout must not be negative"))
	}
	switch {
	case count(c.HTTP != nil, c.Command != nil, c.Load != nil) != 1:
		wrong = append(wrong, errors.New("it needs either http or command or load"))
	case c.HTTP != nil:
		wrong = append(wrong, validateHTTP(*c.HTTP)...)
	case c.Load != nil:
		wrong = append(wrong, validateLoad(*c.Load)...)
	default:
		wrong = append(wrong, validateCommand(*c.Command)...)
	}
	return errors.Join(wrong...)
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

func validateLoad(l release.LoadCheck) []error {
	p, err := readPlan(l.Plan)
	if err != nil {
		return []error{err}
	}
	var wrong []error
	if len(p.Targets)+len(p.Against) > 0 {
		wrong = append(wrong, errors.New("the load has targets, but they are the instances"))
	}
	if l.Baseline != nil && (p.Model != load.Open || l.Baseline.Margin < 0) {
		wrong = append(wrong, errors.New("a comparison needs a rate, and a margin that is not negative"))
	}
	for _, flaw := range p.Flaws() {
		wrong = append(wrong, flaw)
	}
	return wrong
}

func validateHTTP(h release.HTTPCheck) []error {
	var wrong []error
	if !slices.Contains(methods, h.Method) {
		wrong = append(wrong, fmt.Errorf("method %q is none of %s", h.Method, strings.Join(methods[1:], ", ")))
	}
	if !strings.HasPrefix(h.Path, "/") {
		wrong = append(wrong, fmt.Errorf("path %q must begin with /", h.Path))
	} else if _, err := url.Parse("http://127.0.0.1" + h.Path); err != nil {
		wrong = append(wrong, fmt.Errorf("path %q: %w", h.Path, err))
	}
	for _, status := range h.Status {
		if status < 200 || status > 599 {
			wrong = append(wrong, fmt.Errorf("status %d is none a server ends an answer with", status))
		}
	}
	if _, err := regexp.Compile(h.Regexp); err != nil {
		wrong = append(wrong, fmt.Errorf("regexp: %w", err))
	}
	for _, text := range slices.Sorted(maps.Keys(h.JSON)) {
		if _, err := jsonpath.Parse(text); err != nil {
			wrong = append(wrong, err)
		}
	}
	if h.MaxLatency < 0 {
		wrong = append(wrong, errors.New("maxLatency must not be negative"))
	}
	return append(wrong, validateHeaders(h.Headers)...)
}

func validateHeaders(headers map[string]string) []error {
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value := headers[name]
		switch {
		case !headerName.MatchString(name):
			wrong = append(wrong, fmt.Errorf("%q cannot be the name of a header", name))
		case environ.IsReference(value):
			if err := environ.CheckReference(value); err != nil {
				wrong = append(wrong, fmt.Errorf("header %s: %w", name, err))
			}
		case strings.ContainsAny(value, "\r\n\x00"):
			wrong = append(wrong, fmt.Errorf("header %s: its value has a line break or a NUL byte", name))
		}
	}
	return wrong
}

func validateCommand(c release.CommandCheck) []error {
	var wrong []error
	if len(c.Args) == 0 || c.Args[0] == "" {
		wrong = append(wrong, errors.New("command names no program"))
	}
	if c.Dir != "" && !filepath.IsAbs(c.Dir) {
		wrong = append(wrong, fmt.Errorf("dir %q is not an absolute path", c.Dir))
	}
	return wrong
}
