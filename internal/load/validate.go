package load

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Flaws returns everything that is wrong with what the plan does, wherever it
// is sent. References are judged by their form only. nil means that it can be
// carried out.
func (p Plan) Flaws() Flaws {
	var found Flaws
	f := finder{found: &found}
	p.checkAmount(f)
	p.checkVariables(f.in("variables"))
	p.checkScenarios(f.in("scenarios"))
	p.checkThresholds(f.in("thresholds"))
	return found
}

// Validate returns everything that is wrong with a plan as Flaws, its targets
// included, or nil.
func (p Plan) Validate() error {
	found := p.Flaws()
	f := finder{found: &found}
	if len(p.Targets) == 0 {
		f.in("target").tell("there is nothing to send the load to", "name a URL such as http://127.0.0.1:8080")
	}
	if len(p.Targets)+len(p.Against) > mostTargets {
		f.in("target").tell(fmt.Sprintf("%d targets are more than %d", len(p.Targets)+len(p.Against), mostTargets), "name fewer")
	}
	for _, t := range p.Targets {
		p.checkTarget(t, f.in("target"))
	}
	for _, t := range p.Against {
		p.checkTarget(t, f.in("against"))
	}
	for i, t := range p.Thresholds {
		if t.Relative && len(p.Against) == 0 {
			f.in("thresholds").in(fmt.Sprintf("[%d]", i)).tell(strconv.Quote(t.text)+" compares with a second target, and there is none", "name it with against, or write "+t.absoluteExample())
		}
	}
	if len(found) > 0 {
		return found
	}
	return nil
}

func (t Threshold) absoluteExample() string {
	t.Relative = false
	return t.example()
}

// CheckURL returns what is wrong with the address of a target, as a *Flaw, or
// nil.
func CheckURL(text string) error {
	const cure = "write scheme, host and port, such as http://127.0.0.1:8080"
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return &Flaw{Reason: strconv.Quote(text) + " is not the address of a target", Cure: cure}
	case u.Scheme != "http" && u.Scheme != "https":
		return &Flaw{Reason: strconv.Quote(u.Scheme) + " is not spoken here", Cure: "write http:// or https://"}
	case u.User != nil:
		return &Flaw{Reason: "a target has no user and password in its address", Cure: "send them with a header, such as Authorization: env:SHOP_AUTHORIZATION"}
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return &Flaw{Reason: "a target ends with its port, but this goes on", Cure: "put the path into the requests"}
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return &Flaw{Reason: "the port " + strconv.Quote(port) + " is not between 1 and 65535", Cure: cure}
		}
	}
	return nil
}

func (p Plan) checkTarget(t Target, f finder) {
	if err := CheckURL(t.URL); err != nil {
		f.tellError(err, "")
		return
	}
	u, _ := url.Parse(t.URL)
	if !isLoopback(u.Hostname()) && !allowed(u.Hostname(), p.Allow) {
		f.tell(u.Hostname()+" is not this machine, and a load on others must be asked for", "add it under allow if you may load it")
	}
}

func (p Plan) checkAmount(f finder) {
	most, unit := float64(mostRate), "iterations a second"
	if p.Model == Closed {
		most, unit = mostUsers, "users"
	} else if p.Model != Open {
		f.tell(strconv.Quote(string(p.Model))+" is not a model", "say how much is sent with rate or users")
	}
	r := ramp(p.Stages)
	for i, s := range p.Stages {
		at := f.in("stages").in(fmt.Sprintf("[%d]", i))
		if len(p.Stages) == 1 {
			at = f.in(map[Model]string{Open: "rate", Closed: "users"}[p.Model])
		}
		switch {
		case s.Lasts <= 0 && len(p.Stages) == 1:
			f.in("for").tell("it takes no time", "write how long, such as 30s")
		case s.Lasts <= 0:
			at.tell("it takes no time", "write how long, such as for: 30s")
		case !(s.From >= 0 && s.To >= 0) || max(s.From, s.To) > most:
			at.tell(fmt.Sprintf("%v %s are more than %v", max(s.From, s.To), unit, most), "write less; several machines can share a load")
		}
	}
	switch {
	case len(p.Stages) == 0 || r.most() == 0:
		f.tell("it says nowhere how much is sent", "write rate: 100/s with for: 30s, or users: 50")
	case len(p.Stages) > mostStages:
		f.in("stages").tell(fmt.Sprintf("%d stages are more than %d", len(p.Stages), mostStages), "write fewer")
	case r.lasts() > longest:
		f.in("for").tell(fmt.Sprintf("%s is longer than a load may take", r.lasts()), "write at most 24h")
	case p.WarmUp < 0 || p.WarmUp > 0 && p.WarmUp >= r.lasts():
		f.in("warmUp").tell(fmt.Sprintf("nothing of the %s would be left to measure", r.lasts()), "write a shorter one")
	}
	p.checkBounds(f)
}

func (p Plan) checkBounds(f finder) {
	within(f.in("iterations"), p.Iterations, 0, mostIterations)
	within(f.in("inFlight"), p.InFlight, 0, mostInFlight)
	if p.Timeout < time.Millisecond || p.Timeout > longestTimeout {
		f.in("timeout").tell(fmt.Sprintf("%s is not between 1ms and %s", p.Timeout, longestTimeout), "write one such as 10s")
	}
}

func within(f finder, n, least, most int) {
	if n < least || n > most {
		f.tell(fmt.Sprintf("%d is not between %d and %d", n, least, most), "write a number in that range")
	}
}

// rows lists the names that requests and pages are counted under.
func (p Plan) rows() (requests, pages []string) {
	for _, s := range p.Scenarios {
		for _, step := range slices.Concat(s.Login, s.Steps) {
			switch {
			case step.Request != nil:
				requests = append(requests, step.Request.name())
			case step.Page != nil:
				name := step.Page.name()
				pages = append(pages, name)
				requests = append(requests, name+documentRow, name+assetsRow)
			}
		}
	}
	return unique(requests), unique(pages)
}

// unique removes what is there a second time and keeps the order.
func unique(words []string) []string {
	var kept []string
	for _, w := range words {
		if !slices.Contains(kept, w) {
			kept = append(kept, w)
		}
	}
	return kept
}

func (p Plan) checkThresholds(f finder) {
	requests, pages := p.rows()
	names := slices.Concat(pages, requests)
	for i, t := range p.Thresholds {
		if t.Of != "" && !slices.Contains(names, t.Of) {
			f.in(fmt.Sprintf("[%d]", i)).tellUnknown("there is no request or page "+strconv.Quote(t.Of), t.Of, names)
		}
	}
}
