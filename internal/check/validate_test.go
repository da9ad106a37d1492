package check_test

import (
	"strings"
	"testing"
	"time"

	"cutover/internal/check"
	"cutover/internal/release"
)

func TestAValidCheckIsAccepted(t *testing.T) {
	t.Parallel()
	for _, c := range []release.Check{
		get("/health?full=1"),
		{Name: "a", HTTP: &release.HTTPCheck{Path: "/", JSON: map[string]string{"$": "1", "$.a.b[0]['c d'][\"e\"]": "x"}, Regexp: "^a+$"}},
		{Name: "b", HTTP: &release.HTTPCheck{Method: "POST", Path: "/", Headers: map[string]string{"X-A": "b", "Y": "env:Z", "W": "file:/w"}}},
		{Name: "c", Command: &release.CommandCheck{Args: []string{"true"}, Dir: "/"}, Retries: 3, Every: time.Second, Timeout: time.Second},
	} {
		if err := check.Validate(c); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestWhatIsWrongWithACheckIsSaid(t *testing.T) {
	t.Parallel()
	http := func(change func(*release.HTTPCheck)) release.Check {
		c := get("/")
		change(c.HTTP)
		return c
	}
	for want, c := range map[string]release.Check{
		"has no name":                    {HTTP: &release.HTTPCheck{Path: "/"}},
		"either http or command":         {Name: "neither"},
		"it needs either http":           {Name: "both", HTTP: &release.HTTPCheck{Path: "/"}, Command: &release.CommandCheck{Args: []string{"true"}}},
		"must not be negative":           {Name: "a", HTTP: &release.HTTPCheck{Path: "/"}, Retries: -1},
		"maxLatency must not":            http(func(h *release.HTTPCheck) { h.MaxLatency = -1 }),
		`method "get" is none of GET`:    http(func(h *release.HTTPCheck) { h.Method = "get" }),
		`path "health" must begin`:       http(func(h *release.HTTPCheck) { h.Path = "health" }),
		`path "http://a/" must begin`:    http(func(h *release.HTTPCheck) { h.Path = "http://a/" }),
		"invalid URL escape":             http(func(h *release.HTTPCheck) { h.Path = "/%zz" }),
		"status 99":                      http(func(h *release.HTTPCheck) { h.Status = []int{200, 99} }),
		"missing closing )":              http(func(h *release.HTTPCheck) { h.Regexp = "(" }),
		"must begin with $":              http(func(h *release.HTTPCheck) { h.JSON = map[string]string{"a.b": ""} }),
		"a name is missing at character": http(func(h *release.HTTPCheck) { h.JSON = map[string]string{"$.a..b": ""} }),
		`"x" is no index at character 4`: http(func(h *release.HTTPCheck) { h.JSON = map[string]string{"$.a[x]": ""} }),
		`"-1" is no index`:               http(func(h *release.HTTPCheck) { h.JSON = map[string]string{"$[-1]": ""} }),
		"bracket does not close":         http(func(h *release.HTTPCheck) { h.JSON = map[string]string{"$[0": ""} }),
		"quoted name does not end":       http(func(h *release.HTTPCheck) { h.JSON = map[string]string{"$['a]": ""} }),
		"not understood at character 2":  http(func(h *release.HTTPCheck) { h.JSON = map[string]string{"$a": ""} }),
		"name of a header":               http(func(h *release.HTTPCheck) { h.Headers = map[string]string{"a b": ""} }),
		"a line break":                   http(func(h *release.HTTPCheck) { h.Headers = map[string]string{"A": "b\nc"} }),
		"header A: reference":            http(func(h *release.HTTPCheck) { h.Headers = map[string]string{"A": "file:b"} }),
		"names no program":               {Name: "a", Command: &release.CommandCheck{}},
		`dir "x" is not an absolute`:     {Name: "a", Command: &release.CommandCheck{Args: []string{"true"}, Dir: "x"}},
	} {
		if err := check.Validate(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want it to say %q", err, want)
		}
	}
}

func TestEverythingThatIsWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	err := check.Validate(release.Check{HTTP: &release.HTTPCheck{Method: "FETCH", Path: "x", Regexp: "["}})
	for _, want := range []string{"no name", "FETCH", `"x"`, "regexp"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want it to say %q", err, want)
		}
	}
}
