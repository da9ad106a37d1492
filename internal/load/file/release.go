package file

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"cutover/internal/config"
	"cutover/internal/load"
	"cutover/internal/release"
)

const (
	// mostRecorded is how many bytes a load may have in the plan of a release,
	// which every change of its state keeps a copy of.
	mostRecorded = 128 << 10
	// mostBeside is the highest rate on a side that serves users meanwhile, and
	// besideAtOnce how many iterations may be under way there: one that is slow
	// already is not pressed further.
	mostBeside   = 50
	besideAtOnce = 20
	// longestBeside bounds a comparison, longestCheck every other load of a
	// release.
	longestBeside = 15 * time.Minute
	longestCheck  = time.Hour
	// mostSynthetic and leastSynthetic bound the rate of what is sent beside
	// users, a second.
	mostSynthetic  = 10
	leastSynthetic = 1. / 60
	// leastRounds is how many requests a round of a comparison needs.
	leastRounds = 10
	// usualRate is how many requests a second are sent where nothing says so.
	usualRate = 10
)

// ForRelease makes a load ready that a release asks for. Its targets are known
// only when it is carried out, and secrets in it stay references. The error is
// the Problems of the scenario's file, or Misfits.
func ForRelease(o config.LoadOrder) (config.LoadPlan, error) {
	p := load.Plan{Model: load.Open, Stages: []load.Stage{{From: usualRate, To: usualRate, Lasts: usualTime}}, Timeout: 10 * time.Second}
	if o.Scenario != "" {
		var err error
		if p, err = Load(o.Scenario); err != nil {
			return config.LoadPlan{}, err
		}
	} else {
		p.Scenarios = visits(o.Requests)
	}
	a := asked{LoadOrder: o}
	a.amend(&p)
	a.thresholds(&p)
	switch o.Purpose {
	case config.ToCompare:
		a.compare(&p)
	case config.ToProbe:
		a.probe(&p)
	}
	a.keepable(p)
	if len(a.wrong) == 0 {
		a.flaws(p)
	}
	if len(a.wrong) > 0 {
		return config.LoadPlan{}, a.wrong
	}
	return a.plan(p)
}

// visits asks for one path each, all equally often.
func visits(paths []string) []load.Scenario {
	var list []load.Scenario
	for i, path := range paths {
		list = append(list, load.Scenario{Name: requestName(i), Weight: 1,
			Steps: []load.Step{{Request: &load.Request{Method: http.MethodGet, Path: path}}}})
	}
	return list
}

func requestName(i int) string { return fmt.Sprintf("request %d", i+1) }

// asked is an order and what is wrong with it.
type asked struct {
	config.LoadOrder
	wrong config.Misfits
}

func (a *asked) tell(key, reason, cure string) {
	a.wrong = append(a.wrong, config.Misfit{Key: key, Reason: reason, Cure: cure})
}

func (a *asked) tellError(key string, err error) {
	flaw, ok := err.(*load.Flaw)
	if !ok {
		a.tell(key, err.Error(), "correct it")
		return
	}
	cure := flaw.Cure
	if cure == "" {
		cure = config.Meant(flaw.Word, flaw.Choices)
	}
	a.tell(key, flaw.Reason, cure)
}

// amend lets the order win over the file: where it says how much is sent, or
// for how long.
func (a *asked) amend(p *load.Plan) {
	// The instances are the targets, and those who may be loaded.
	p.Name, p.Targets, p.Against, p.Allow = "", nil, nil, nil
	if a.Rate != "" || a.Users > 0 {
		a.level(p)
	}
	switch {
	case a.For > 0 && len(p.Stages) > 1:
		a.tell("for", fmt.Sprintf("the scenario has %d stages with times of their own", len(p.Stages)), "say rate or users as well, or change the scenario")
	case a.For > 0:
		p.Stages[0].Lasts, p.Iterations = a.For, 0
	}
	if a.Purpose != config.ToCheck {
		p.WarmUp, p.Iterations = 0, 0
	}
	if lasts := lasting(*p); lasts > longestCheck {
		a.tell("for", fmt.Sprintf("%s is longer than a release waits for a load", lasts), "write at most 1h")
	}
}

func (a *asked) level(p *load.Plan) {
	from, to := float64(a.Users), float64(a.Users)
	p.Model, p.InFlight = load.Closed, 0
	if a.Rate != "" {
		var err error
		if from, to, err = span(a.Rate, load.ParseRate); err != nil {
			a.tellError("rate", err)
			return
		}
		p.Model = load.Open
	}
	p.Stages = []load.Stage{{From: from, To: to, Lasts: lasting(*p)}}
	p.Iterations = 0
}

func lasting(p load.Plan) time.Duration {
	var d time.Duration
	for _, s := range p.Stages {
		d += s.Lasts
	}
	return d
}

// thresholds puts those of the order in the place of the file's. A load that
// judges nothing has none, and one against another side is a comparison.
func (a *asked) thresholds(p *load.Plan) {
	if len(a.Thresholds) > 0 || a.Purpose != config.ToCheck {
		p.Thresholds = nil
	}
	for i, text := range a.Thresholds {
		t, err := load.ParseThreshold(text)
		if err != nil {
			a.tellError(fmt.Sprintf("thresholds[%d]", i), err)
		}
		p.Thresholds = append(p.Thresholds, t)
	}
	for i, t := range p.Thresholds {
		if !t.Relative {
			continue
		}
		key := "scenario"
		if len(a.Thresholds) > 0 {
			key = fmt.Sprintf("thresholds[%d]", i)
		}
		a.tell(key, fmt.Sprintf("%q compares with a second target, and a load check has none", t), "write a limit with its unit, and checks: {baseline: ...} to compare with the old version")
	}
}

// compare bounds what the old side has to bear, and makes sure that every round
// has enough requests to say something.
func (a *asked) compare(p *load.Plan) {
	p.InFlight = besideAtOnce
	p.WarmUp = a.For / 10
	most, least := 0.0, 0.0
	for i, s := range p.Stages {
		most = max(most, s.From, s.To)
		if low := min(s.From, s.To); i == 0 || low < least {
			least = low
		}
	}
	each := (a.For - p.WarmUp).Seconds() / load.Rounds
	switch {
	case len(a.wrong) > 0:
	case most > mostBeside:
		a.tell("rate", fmt.Sprintf("the old side serves users too, and %g a second are more than %d", most, mostBeside), fmt.Sprintf("write at most %d/s", mostBeside))
	case a.For > longestBeside:
		a.tell("for", fmt.Sprintf("%s is longer than a comparison takes", a.For), "write at most 15m")
	case least*each < leastRounds:
		a.tell("for", fmt.Sprintf("in each of %d rounds there would be %.1f requests, and %d are needed", load.Rounds, least*each, leastRounds),
			"write a higher rate or a longer time, such as rate: 20/s with for: 1m")
	}
}

// probe bounds what is sent beside users for as long as steps are held.
func (a *asked) probe(p *load.Plan) {
	p.Synthetic, p.InFlight = true, 0
	if len(a.wrong) > 0 {
		return
	}
	switch s := p.Stages[0]; {
	case s.From != s.To:
		a.tell("rate", fmt.Sprintf("%q changes, and it is sent for as long as steps are held", a.Rate), "write one rate such as 2/s")
	case s.From > mostSynthetic:
		a.tell("rate", fmt.Sprintf("both sides serve users too, and %g a second are more than %d", s.From, mostSynthetic), fmt.Sprintf("write at most %d/s", mostSynthetic))
	case s.From < leastSynthetic:
		a.tell("rate", "so few requests say nothing within the time of a release", "write at least 1/m")
	}
}

// keepable reports data that may not stand in the journal.
func (a *asked) keepable(p load.Plan) {
	for _, s := range p.Scenarios {
		if s.Data == nil {
			continue
		}
		for i, column := range s.Data.Columns {
			if slices.ContainsFunc(s.Data.Rows, func(row []string) bool { return config.LooksSecret(column, row[i]) }) {
				a.tell("scenario", fmt.Sprintf("the column %s of its data looks like a secret, and what a release does is kept in the journal", column),
					"take the column out, and write variables: {"+column+": env:NAME} in the scenario")
			}
		}
	}
}

// flaws reports what no load could do, at the keys of the order.
func (a *asked) flaws(p load.Plan) {
	for _, flaw := range p.Flaws() {
		key := "scenario"
		switch {
		case flaw.Path == "rate" || flaw.Path == "users" || flaw.Path == "for":
			key = flaw.Path
		case flaw.Path == "warmUp":
			key = "for"
		case len(a.Thresholds) > 0 && strings.HasPrefix(flaw.Path, "thresholds"):
			key = flaw.Path
		case a.Scenario == "":
			key = "requests"
			for i := range a.Requests {
				if strings.HasPrefix(flaw.Path, "scenarios."+requestName(i)+".") {
					key = fmt.Sprintf("requests[%d]", i)
				}
			}
		}
		a.tellError(key, flaw)
	}
}

func (a *asked) plan(p load.Plan) (config.LoadPlan, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return config.LoadPlan{}, fmt.Errorf("write the load as JSON: %w", err)
	}
	if len(text) > mostRecorded {
		a.tell("scenario", fmt.Sprintf("with its data it has %d KiB, and a release keeps at most %d", len(text)>>10, mostRecorded>>10), "keep as many rows as users need; they are used again")
		return config.LoadPlan{}, a.wrong
	}
	out := config.LoadPlan{Check: release.LoadCheck{Plan: string(text), Least: lasting(p), Most: lasting(p), Timeout: p.Timeout}, Writes: writes(p)}
	if p.Model == load.Open {
		out.Rate = p.Stages[0].From
	}
	if p.Iterations > 0 {
		out.Check.Least = 0
	}
	return out, nil
}

// writes names the requests that are not made to read only.
func writes(p load.Plan) []string {
	var names []string
	for _, s := range p.Scenarios {
		for _, step := range slices.Concat(s.Login, s.Steps) {
			if r := step.Request; r != nil && r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions {
				names = append(names, r.Method+" "+r.Path)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
