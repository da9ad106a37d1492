package file

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cutover/internal/config"
	"cutover/internal/load"
)

// Load reads a scenario file and the CSV files it names. Problems with what it
// says are config.Problems, all at once. The plan may still lack its target:
// load.Run and Plan.Validate tell.
func Load(name string) (load.Plan, error) {
	var d document
	f, err := config.ReadFile(name, Kind, &d)
	if err != nil {
		return load.Plan{}, err
	}
	return d.plan(reader{f})
}

// Parse is Load for a text in memory. Paths in it start from dir, an absolute
// folder.
func Parse(name string, text []byte, dir string) (load.Plan, error) {
	var d document
	return d.plan(reader{config.ParseFile(name, text, dir, Kind, &d)})
}

// reader turns what is written into what load knows, and reports what is wrong
// with it.
type reader struct{ file *config.File }

func (r reader) report(path string, err error) {
	if err == nil {
		return
	}
	flaw, ok := err.(*load.Flaw)
	if !ok {
		r.file.Report(path, err.Error(), "")
		return
	}
	cure := flaw.Cure
	if cure == "" && len(flaw.Choices) > 0 {
		cure = config.Meant(flaw.Word, flaw.Choices)
	}
	r.file.Report(path, flaw.Reason, cure)
}

func (d document) plan(r reader) (load.Plan, error) {
	p := d.Spec.plan(r)
	p.Name = string(d.Metadata.Name)
	found := problemPaths(r.file.Err())
	for _, flaw := range p.Flaws() {
		// What could not be read is not judged as well.
		if path := inFile(flaw.Path); !touched(path, found) {
			r.report(path, flaw)
		}
	}
	d.Spec.lookForSecrets(r)
	if err := r.file.Err(); err != nil {
		return load.Plan{}, err
	}
	return p, nil
}

// problemPaths lists where problems were found. One with the file as a whole
// is everywhere.
func problemPaths(err error) []string {
	var found []string
	var problems config.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			found = append(found, p.Path)
		}
	}
	return found
}

// touched reports whether what is at the path may be wrong only because of a
// problem that was found: one below it, above it, or, for how much is sent,
// outside the scenarios.
func touched(path string, found []string) bool {
	const scenarios = "spec.scenarios."
	for _, f := range found {
		if strings.HasPrefix(f, path) || strings.HasPrefix(path, f) || !strings.HasPrefix(path, scenarios) && !strings.HasPrefix(f, scenarios) {
			return true
		}
	}
	return false
}

// inFile is where a file has what a path of a plan leads to.
func inFile(path string) string {
	if path == "" {
		return "spec"
	}
	return "spec." + path
}

func (s spec) plan(r reader) load.Plan {
	p := load.Plan{
		Allow: plain(s.Allow), Iterations: s.Iterations, WarmUp: time.Duration(s.WarmUp), InFlight: s.InFlight,
		Timeout: time.Duration(s.Timeout), NewConnections: s.Connections == "new", Seed: uint64(s.Seed), Variables: r.references(s.Variables),
	}
	p.Targets = r.target("spec.target", s.Target)
	p.Against = r.target("spec.against", s.Against)
	p.Model, p.Stages = s.stages(r)
	if p.Model == load.Closed {
		p.InFlight = 0
		if r.file.Has("spec.inFlight") {
			r.file.Report("spec.inFlight", "users wait for their answers, so nothing is ever dropped", "remove it, or say rate in place of users")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Scenarios)) {
		p.Scenarios = append(p.Scenarios, s.Scenarios[name].plan(r, name))
	}
	for i, text := range s.Thresholds {
		t, err := load.ParseThreshold(string(text))
		r.report(fmt.Sprintf("spec.thresholds[%d]", i), err)
		p.Thresholds = append(p.Thresholds, t)
	}
	return p
}

func (r reader) target(path, url string) []load.Target {
	if url == "" {
		return nil
	}
	if err := load.CheckURL(url); err != nil {
		r.report(path, err)
		return nil
	}
	return []load.Target{{URL: url}}
}

func plain(words []config.Text) []string {
	var list []string
	for _, w := range words {
		list = append(list, string(w))
	}
	return list
}

// references makes the paths of file: references absolute.
func (r reader) references(values map[string]config.Text) map[string]string {
	if len(values) == 0 {
		return nil
	}
	out := map[string]string{}
	for name, value := range values {
		out[name] = string(value)
		if strings.HasPrefix(string(value), "file:") {
			out[name] = r.file.Absolute(string(value))
		}
	}
	return out
}
