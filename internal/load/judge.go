package load

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cutover/internal/jsonpath"
)

// judge compares a complete answer with what the call expects, and takes
// from it what is to be captured.
func (x *exchange) judge(v *visit, c *call) {
	if !c.expect.accepts(x.status) {
		x.wrong(v, StatusFault, fmt.Sprintf("status %d", x.status))
		return
	}
	if reason := c.expect.wrong(x.body); reason != "" {
		x.wrong(v, ExpectationFault, reason)
		return
	}
	for _, one := range c.captures {
		value, err := one.take(x)
		if err != nil {
			x.wrong(v, ExpectationFault, fmt.Sprintf("no %s to capture: %v", one.variable, err))
			return
		}
		v.captured[one.variable] = value
	}
}

func (e expectation) accepts(status int) bool {
	if len(e.status) == 0 {
		return status < 400
	}
	return slices.Contains(e.status, status)
}

// wrong says what of a body is not as expected, "" if all is.
func (e expectation) wrong(body []byte) string {
	if e.pattern != nil && !e.pattern.Match(body) {
		return fmt.Sprintf("no match for %q", e.pattern)
	}
	if len(e.fields) == 0 {
		return ""
	}
	document, err := jsonpath.Decode(string(body))
	if err != nil {
		return "not JSON: " + err.Error()
	}
	for _, f := range e.fields {
		got, err := f.path.Find(document)
		switch {
		case err != nil:
			return fmt.Sprintf("want %s = %s, but %v", f.path, f.want, err)
		case !jsonpath.Equal(got, f.want):
			return fmt.Sprintf("want %s = %s, but it is %s", f.path, f.want, jsonpath.Written(got))
		}
	}
	return ""
}

// take returns the value that is to be captured.
func (c capture) take(x *exchange) (string, error) {
	switch {
	case c.header != "":
		if value := x.header.Get(c.header); value != "" {
			return value, nil
		}
		return "", fmt.Errorf("there is no header %s", c.header)
	case c.path != nil:
		document, err := jsonpath.Decode(string(x.body))
		if err != nil {
			return "", fmt.Errorf("not JSON: %w", err)
		}
		value, err := c.path.Find(document)
		return jsonpath.Written(value), err
	}
	found := c.pattern.FindSubmatch(x.body)
	switch len(found) {
	case 0:
		return "", fmt.Errorf("no match for %q", c.pattern)
	case 1:
		return string(found[0]), nil
	}
	return string(found[1]), nil
}

// mostDetail is how many bytes of a detail are kept.
const mostDetail = 200

func head(text string) string {
	if len(text) <= mostDetail {
		return text
	}
	end := mostDetail
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// printable makes one line of text that plays no tricks on a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, "?"))
}
