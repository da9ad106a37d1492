package release

import (
	"fmt"
	"slices"
	"strings"
)

// FlagScope says for which part of an app a flag is switched; the zero value
// means all of it.
type FlagScope struct {
	// Version is the one concerned, "" for every one.
	Version string `json:"version,omitempty"`
	// Component is the one concerned, as people call it, "" for every one. Front
	// says that it is the one with users, whose instances have no name.
	Component string `json:"component,omitempty"`
	Front     bool   `json:"front,omitempty"`
}

// Whole reports whether all of the app is concerned.
func (s FlagScope) Whole() bool { return s.Version == "" && s.Component == "" }

// Same reports whether both mean the same part.
func (s FlagScope) Same(o FlagScope) bool {
	return s.Version == o.Version && s.Component == o.Component
}

// Covers reports whether an instance of a version and component is concerned,
// where component is "" for the one with users.
func (s FlagScope) Covers(version, component string) bool {
	if s.Version != "" && s.Version != version {
		return false
	}
	switch {
	case s.Component == "":
		return true
	case s.Front:
		return component == ""
	}
	return component == s.Component
}

// String words the part, "" for the whole app.
func (s FlagScope) String() string {
	var parts []string
	if s.Version != "" {
		parts = append(parts, "version "+s.Version)
	}
	if s.Component != "" {
		parts = append(parts, "component "+s.Component)
	}
	return strings.Join(parts, ", ")
}

// For is String with the word before it that a sentence needs, " for version
// v2", and "" for the whole app.
func (s FlagScope) For() string {
	if s.Whole() {
		return ""
	}
	return " for " + s.String()
}

// Options are those that choose the part on a command line, with a space before
// them.
func (s FlagScope) Options() string {
	text := ""
	if s.Version != "" {
		text += " --version " + s.Version
	}
	if s.Component != "" {
		text += " --component " + s.Component
	}
	return text
}

// Says explains why the app cannot be told that the flag is switched for this
// part alone, and what makes it possible; nil if it can.
func (f Flag) Says(s FlagScope) error {
	if s.Whole() {
		return nil
	}
	if f.Component != "" && s.Component != "" && s.Component != f.Component {
		return fmt.Errorf("the flag %s belongs to the component %s: leave --component out, or write --component %s", f.Name, f.Component, f.Component)
	}
	if f.Component != "" {
		s.Component = "" // it is that one's in any case
	}
	switch {
	case f.Environment != nil:
		return nil
	case f.File != nil:
		return f.fileSays(s)
	case f.HTTP != nil:
		return f.hookSays(s, "the url, a header or the body of its hook", f.HTTP.text())
	case f.Command != nil:
		return f.hookSays(s, "the arguments of its command", strings.Join(f.Command.Args, " "))
	}
	return nil
}

func (f Flag) fileSays(s FlagScope) error {
	switch {
	case f.File.Format == FlagsFlagd:
		return nil
	case s.Version != "" && f.File.Version == "":
		return fmt.Errorf("the flag %s is told by %s, which all versions read: write a path with {{version}} below spec.flags, or format: flagd, "+
			"and deploy that with the next release; or switch it for the whole app", f.Name, f.File.Path)
	case s.Component != "":
		return fmt.Errorf("the flag %s is told by %s, which all components read: write format: flagd or environment: below spec.flags, "+
			"and deploy that with the next release; or switch it for the whole app", f.Name, f.File.Path)
	}
	return nil
}

// hookSays looks for what says to whom a hook's message is about: one that does
// not say it would be taken to mean everybody.
func (f Flag) hookSays(s FlagScope, where, text string) error {
	missing := ""
	switch {
	case s.Version != "" && !strings.Contains(text, "{{version}}"):
		missing = "version"
	case s.Component != "" && !strings.Contains(text, "{{component}}"):
		missing = "component"
	default:
		return nil
	}
	return fmt.Errorf("the flag %s is told by a hook that does not say which %s is meant: write {{%s}} into %s, "+
		"and deploy that with the next release; or switch it for the whole app", f.Name, missing, missing, where)
}

// text is everything of the request that may have placeholders.
func (r FlagRequest) text() string {
	parts := []string{r.URL, r.Body}
	for _, value := range r.Headers {
		parts = append(parts, value)
	}
	return strings.Join(parts, " ")
}

// concerns reports whether what is switched for a part has to be told as the
// flag says.
func (f Flag) concerns(s FlagScope) bool {
	return !f.ofAnother(s) && f.Says(s) == nil
}

// ofAnother reports whether the flag is told by the file of another version than
// the part's.
func (f Flag) ofAnother(s FlagScope) bool {
	return f.File != nil && f.File.Version != "" && s.Version != "" && f.File.Version != s.Version
}

// Scope completes and checks the part of the app that a switch asks for. under
// is the plan of the release under way, or the one that stands. The error says
// what can be done instead.
func (s Standing) Scope(ask Switched, under Plan) (FlagScope, error) {
	only := ask.Only
	if only.Whole() {
		return FlagScope{}, nil
	}
	if err := versionLabel(only.Version); err != nil {
		return only, err
	}
	if only.Component != "" {
		if only.Front = only.Component == under.Component || only.Component == s.Plan.Component; !only.Front {
			if err := hasCompanion(only.Component, under, s.Plan); err != nil {
				return only, err
			}
		}
	}
	whole, _ := s.Flag(ask.Flag)
	if _, known := s.FlagFor(ask.Flag, only); !ask.Off && !known && whole.Off {
		return only, fmt.Errorf("%s is off for the whole app: `cutover enable %s` switches it on", ask.Flag, ask.Flag)
	}
	for _, w := range whole.Ways {
		if err := w.Flag.Says(only); ask.Off && !w.Flag.ofAnother(only) && err != nil {
			return only, err
		}
	}
	return only, nil
}

// maxVersion is the longest label of a version, in bytes.
const maxVersion = 64

func versionLabel(version string) error {
	odd := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("._+-", r)
	}
	if len(version) > maxVersion || strings.ContainsFunc(version, odd) {
		return fmt.Errorf("%q is no version: use letters, digits, dot, _, + and -, at most %d", version, maxVersion)
	}
	return nil
}

// hasCompanion says why there is no component of a name in any of the plans.
func hasCompanion(name string, plans ...Plan) error {
	var names []string
	for _, p := range plans {
		for _, c := range p.Companions {
			if c.Name == name {
				return nil
			}
			names = append(names, c.Name)
		}
		if p.Component != "" {
			names = append(names, p.Component)
		}
	}
	slices.Sort(names)
	cure := "there are " + strings.Join(slices.Compact(names), ", ")
	if plans[0].Component == "" {
		cure = "which ones there are is known from the next release on"
	}
	return fmt.Errorf("there is no component %q: %s", name, cure)
}
