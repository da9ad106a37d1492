package file

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutover/internal/config"
	"cutover/internal/load"
)

func (s scenario) plan(r reader, name string) load.Scenario {
	at := config.Entry("spec.scenarios", name)
	one := load.Scenario{Name: name, Weight: s.Weight}
	if s.Data != nil {
		one.Data = s.Data.read(r, at+".data", len(s.Login) > 0)
	}
	for i, step := range s.Login {
		one.Login = append(one.Login, step.plan(r, fmt.Sprintf("%s.login[%d]", at, i)))
	}
	for i, step := range s.Steps {
		one.Steps = append(one.Steps, step.plan(r, fmt.Sprintf("%s.steps[%d]", at, i)))
	}
	return one
}

func (s step) plan(r reader, at string) load.Step {
	var one load.Step
	if s.Think != "" {
		least, most, err := span(string(s.Think), readPause)
		r.report(at+".think", err)
		one.Think = &load.Think{Least: least, Most: most}
	}
	expect := load.Expect{Status: s.Expect.Status, JSON: texts(s.Expect.JSON), Regexp: s.Expect.Regexp}
	var captures []load.Capture
	for _, name := range slices.Sorted(maps.Keys(s.Capture)) {
		c := s.Capture[name]
		captures = append(captures, load.Capture{Variable: name, Regexp: c.Regexp, JSON: c.JSON, Header: c.Header})
	}
	switch {
	case s.HTTP != nil:
		one.Request = &load.Request{Name: string(s.Name), Method: s.HTTP.Method, Path: s.HTTP.Path, Headers: r.references(s.HTTP.Headers),
			Form: r.references(s.HTTP.Form), Body: s.HTTP.Body, Expect: expect, Capture: captures}
	case s.Think != "":
		for _, key := range []string{"name", "expect", "capture"} {
			if r.file.Has(at + "." + key) {
				r.file.Report(at+"."+key, "a pause has no answer to speak of", "move it to the request")
			}
		}
	}
	if s.Page != nil {
		one.Page = &load.Page{Name: string(s.Name), Path: s.Page.Path, Headers: r.references(s.Page.Headers), Assets: s.Page.Assets,
			Find: !r.file.Has(at + ".page.assets"), Expect: expect, Capture: captures}
	}
	return one
}

func texts(values map[string]config.Text) map[string]string {
	if len(values) == 0 {
		return nil
	}
	out := map[string]string{}
	for name, value := range values {
		out[name] = string(value)
	}
	return out
}

func readPause(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil && d >= 0 && d <= time.Hour {
		return d, nil
	}
	cure := "write one such as 1s, or 1s..3s to draw from"
	if _, numeric := strconv.ParseFloat(text, 64); numeric == nil {
		return 0, &load.Flaw{Reason: text + " has no unit", Cure: "write " + text + "s or " + text + "ms"}
	}
	return 0, &load.Flaw{Reason: strconv.Quote(text) + " is not a pause of at most 1h", Cure: cure}
}

// lookForSecrets reports values that a file should only refer to.
func (s spec) lookForSecrets(r reader) {
	look := func(at string, values map[string]config.Text) {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			value := string(values[name])
			if config.LooksSecret(name, value) && !strings.Contains(value, "{{") {
				r.file.Report(config.Entry(at, name), name+" looks like a secret, and it would stand in the file", "write env:NAME or file:PATH, or {{column}} with the values in a CSV file")
			}
		}
	}
	look("spec.variables", s.Variables)
	for name, one := range s.Scenarios {
		at := config.Entry("spec.scenarios", name)
		for group, steps := range map[string][]step{"login": one.Login, "steps": one.Steps} {
			for i, step := range steps {
				in := fmt.Sprintf("%s.%s[%d]", at, group, i)
				if step.HTTP != nil {
					look(in+".http.headers", step.HTTP.Headers)
					look(in+".http.form", step.HTTP.Form)
				}
				if step.Page != nil {
					look(in+".page.headers", step.Page.Headers)
				}
			}
		}
	}
}
