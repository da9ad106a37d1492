package cli

import (
	"net/url"
	"strings"
	"time"

	"cutover/internal/load"
	"cutover/internal/load/file"

	"github.com/spf13/cobra"
)

// loadFlags say what to load, and what of a file not to follow.
type loadFlags struct {
	file, target, against string
	rate                  string
	users, iterations     int
	lasts, warmUp         time.Duration
	thresholds, allow     []string
	yes                   bool
}

func (f *loadFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.file, "file", "f", "", "scenario file")
	flags.StringVar(&f.target, "target", "", "URL to load, in place of the file's")
	flags.StringVar(&f.against, "against", "", "another URL that gets the same load in the same seconds, to compare with")
	flags.StringVar(&f.rate, "rate", "", "iterations a second whatever the answers do, such as 100/s")
	flags.IntVar(&f.users, "users", 0, "users who wait for their answers, in place of a rate")
	flags.IntVar(&f.iterations, "iterations", 0, "end after so many")
	flags.DurationVar(&f.lasts, "for", 0, "how long (default 30s; with --iterations at most, default 1h)")
	flags.DurationVar(&f.warmUp, "warm-up", 0, "measure nothing for so long at first")
	flags.StringArrayVar(&f.thresholds, "threshold", nil, "what must come out, such as 'p99 < 300ms'; may be repeated")
	flags.StringArrayVar(&f.allow, "allow", nil, "host that may be loaded although it is not this machine; may be repeated")
	flags.BoolVar(&f.yes, "yes", false, "load the named URLs even if they are not this machine")
	cmd.MarkFlagsMutuallyExclusive("rate", "users")
	must(cmd.MarkFlagFilename("file", "yaml", "yml"))
}

// plan makes a plan of the file or the URL, and of what the flags say.
func (f *loadFlags) plan(args []string) (load.Plan, error) {
	if len(args) == 1 && f.target != "" {
		return load.Plan{}, usage("the URL is there twice; leave out --target")
	}
	var p load.Plan
	var err error
	switch {
	case f.file != "":
		if p, err = file.Load(f.file); err != nil {
			return p, &exitError{ExitUsage, err}
		}
		if len(args) == 1 {
			f.target = args[0]
		}
	case len(args) == 1:
		if p, err = f.single(args[0]); err != nil {
			return p, err
		}
	default:
		return p, usage("there is nothing to load; name a URL, or a scenario file with -f")
	}
	return f.amend(p)
}

// single is a plan for one URL.
func (f *loadFlags) single(address string) (load.Plan, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return load.Plan{}, usage("%q is not a URL; write one such as http://127.0.0.1:8080/", address)
	}
	// The path is taken as it was written: it may have {{variables}}.
	_, rest, _ := strings.Cut(address, "://")
	path := "/"
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		path, _, _ = strings.Cut(rest[at:], "#")
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	u.Path, u.RawPath, u.RawQuery, u.Fragment, u.RawFragment = "", "", "", "", ""
	f.target = u.String()
	return load.Plan{
		Name: "load", Model: load.Open, Stages: []load.Stage{{From: 10, To: 10, Lasts: 30 * time.Second}}, Timeout: 10 * time.Second,
		Scenarios: []load.Scenario{{Name: "visit", Weight: 1, Steps: []load.Step{{Request: &load.Request{Method: "GET", Path: path}}}}},
	}, nil
}

// amend lets the flags win over the plan.
func (f *loadFlags) amend(p load.Plan) (load.Plan, error) {
	if f.target != "" {
		p.Targets = []load.Target{{URL: f.target}}
	}
	if f.against != "" {
		p.Against = []load.Target{{URL: f.against}}
	}
	p.Allow = append(p.Allow, f.allow...)
	if f.yes {
		for _, t := range append(append([]load.Target{}, p.Targets...), p.Against...) {
			if u, err := url.Parse(t.URL); err == nil {
				p.Allow = append(p.Allow, u.Hostname())
			}
		}
	}
	for _, text := range f.thresholds {
		t, err := load.ParseThreshold(text)
		if err != nil {
			return p, usage("--threshold: %w", err)
		}
		p.Thresholds = append(p.Thresholds, t)
	}
	return f.amount(p)
}

// amount lets the flags say how much is sent, and for how long.
func (f *loadFlags) amount(p load.Plan) (load.Plan, error) {
	if f.users < 0 || f.iterations < 0 || f.lasts < 0 || f.warmUp < 0 {
		return p, usage("--users, --iterations, --for and --warm-up are not negative")
	}
	if f.warmUp > 0 {
		p.WarmUp = f.warmUp
	}
	if f.rate != "" || f.users > 0 {
		level := load.Stage{From: float64(f.users), To: float64(f.users)}
		p.Model = load.Closed
		if f.rate != "" {
			rate, err := load.ParseRate(f.rate)
			if err != nil {
				return p, usage("--rate: %w", err)
			}
			p.Model, level.From, level.To = load.Open, rate, rate
		}
		for _, s := range p.Stages {
			level.Lasts += s.Lasts
		}
		p.Stages = []load.Stage{level}
	}
	if f.iterations > 0 {
		p.Iterations = f.iterations
	}
	switch {
	case f.lasts > 0 && len(p.Stages) > 1:
		return p, usage("--for: %s has %d stages with times of their own; say --rate or --users too, or change the file", f.file, len(p.Stages))
	case f.lasts > 0:
		p.Stages[0].Lasts = f.lasts
	case f.iterations > 0 && len(p.Stages) == 1:
		p.Stages[0].Lasts = max(p.Stages[0].Lasts, time.Hour)
	}
	return p, nil
}
