package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cutover/internal/release"
)

// Policy says what the organisation demands of releases. A release cannot
// loosen it.
type Policy struct {
	// The form of this document.
	APIVersion string `json:"apiVersion" jsonschema:"required,enum=cutover/v1"`
	// What this document is.
	Kind string `json:"kind" jsonschema:"required,enum=Policy"`
	// How this policy is called.
	Metadata PolicyMetadata `json:"metadata" jsonschema:"required"`
	// What is demanded.
	Spec PolicySpec `json:"spec" jsonschema:"required"`

	doc *document
}

// PolicyMetadata names a policy.
type PolicyMetadata struct {
	// The name: a-z, 0-9 and -, at most 41 characters.
	Name string `json:"name" jsonschema:"required" example:"production"`
}

// PolicySpec is what is demanded.
type PolicySpec struct {
	// The apps it concerns.
	AppliesTo AppliesTo `json:"appliesTo,omitzero"`
	// When releases may begin.
	Windows Windows `json:"windows,omitzero"`
	// What every release must have.
	Require Require `json:"require,omitzero"`
}

// AppliesTo names apps.
type AppliesTo struct {
	// The names of the apps; none means all.
	Apps []string `json:"apps,omitempty"`
}

// Windows says when releases may begin.
type Windows struct {
	// Spans in UTC such as "02:00-05:00 UTC" or "Mon-Fri 09:00-17:00 UTC"; none means always.
	Allow []Window `json:"allow,omitempty"`
}

// Require is what every release must have.
type Require struct {
	// At least one smoke check.
	Smoke bool `json:"smoke,omitempty"`
	// The shortest standby.
	MinStandby Duration `json:"minStandby,omitempty" jsonschema:"default=0s"`
	// The shortest soak.
	MinSoak Duration `json:"minSoak,omitempty" jsonschema:"default=0s"`
	// The largest share of users that may meet a new version first.
	MaxFirstStep Percent `json:"maxFirstStep,omitempty" jsonschema:"default=100%"`
	// The strategies that are allowed; none means all.
	Strategies []StrategyType `json:"strategies,omitempty"`
}

func (p *Policy) validate() {
	tell := p.doc.reporter("")
	checkName(p.Metadata.Name, "metadata.name", tell)
	for i, name := range p.Spec.AppliesTo.Apps {
		checkName(name, element("spec.appliesTo.apps", i), tell)
	}
	if p.Spec.Require.MaxFirstStep == 0 {
		tell("spec.require.maxFirstStep", "no release has a first step of 0%", "write a percentage above 0")
	}
}

// appliesTo reports whether the policy concerns the app.
func (p *Policy) appliesTo(app string) bool {
	return len(p.Spec.AppliesTo.Apps) == 0 || slices.Contains(p.Spec.AppliesTo.Apps, app)
}

// judge reports, in the release's file, what the release does not fulfil.
func (p *Policy) judge(r *Release, replicas int) {
	s, q := r.Spec.Strategy, p.Spec.Require
	tell := func(path, rule, reason, cure string) {
		at := r.doc.spot(path)
		r.doc.source.report(at.line, at.column, path, fmt.Sprintf("policy %s, require.%s: %s", p.Metadata.Name, rule, reason), cure)
	}
	if q.Smoke && len(r.Spec.Checks.Smoke) == 0 {
		tell("spec.checks.smoke", "smoke", "there must be smoke checks, and there are none", "add one such as {http: /health}")
	}
	if s.Standby < q.MinStandby {
		tell("spec.strategy.standby", "minStandby", fmt.Sprintf("%s is shorter than %s", s.Standby, q.MinStandby), "write "+q.MinStandby.String()+" or more")
	}
	if s.Soak.AtLeast < q.MinSoak {
		tell("spec.strategy.soak", "minSoak", fmt.Sprintf("%s is shorter than %s", s.Soak.AtLeast, q.MinSoak), "write "+q.MinSoak.String()+" or more")
	}
	if first := s.firstShare(replicas); first > q.MaxFirstStep {
		path, cure := s.firstKey()
		tell("spec.strategy."+path, "maxFirstStep", fmt.Sprintf("the first step is %s, more than %s", first, q.MaxFirstStep), fmt.Sprintf(cure, q.MaxFirstStep))
	}
	if len(q.Strategies) > 0 && !slices.Contains(q.Strategies, s.Type) {
		tell("spec.strategy.type", "strategies", strconv.Quote(string(s.Type))+" is not allowed", "write "+oneOf(words(q.Strategies)))
	}
}

func words[S ~string](list []S) []string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = string(s)
	}
	return texts
}

func (p *Policy) gates() []release.Window {
	var gates []release.Window
	for _, w := range p.Spec.Windows.Allow {
		gates = append(gates, w.span)
	}
	return gates
}

// judgeWindows reports a second policy with windows for the same app: a
// release would have to wait for both, and a plan holds one set.
func judgeWindows(app string, policies []*Policy) {
	var first *Policy
	for _, p := range policies {
		switch {
		case !p.appliesTo(app) || len(p.Spec.Windows.Allow) == 0:
		case first == nil:
			first = p
		default:
			p.doc.report("spec.windows", fmt.Sprintf("the app %s has windows by the policy %s already", app, strings.TrimSpace(first.Metadata.Name)),
				"keep the windows of one app in one policy")
		}
	}
}
