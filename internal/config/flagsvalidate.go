package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// flagForm lets the names of features that apps have be used as they are.
var flagForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// hookPlaceholders are those of a request or program that tells an app.
var hookPlaceholders = []string{"app", "component", "enabled", "flag", "state", "version"}

func (a *App) validateFlags(tell report) {
	for _, name := range slices.Sorted(maps.Keys(a.Spec.Flags)) {
		f, at := a.Spec.Flags[name], entry("flags", name)
		if !flagForm.MatchString(name) {
			tell(at, fmt.Sprintf("%q is not the name of a flag", printable(name)), "use letters, digits, dot, _ and -, at most 100 characters")
		}
		f.validate(tell.in(at))
		if _, known := a.Spec.Components[f.Component]; !known && f.Component != "" {
			names := slices.Sorted(maps.Keys(a.Spec.Components))
			cure := "the components are " + strings.Join(names, ", ")
			if n := nearest(f.Component, names); n != "" {
				cure = `did you mean "` + n + `"?`
			}
			tell(join(at, "component"), fmt.Sprintf("there is no component %q", printable(f.Component)), cure)
		}
		if f.Environment != nil && a.Spec.Runtime.Type == runtimeStatic {
			tell(join(at, "environment"), "somebody else starts the instances, so they get no variable from here", "use file, http or command")
		}
	}
	a.validateSharedFlags(tell)
}

// validateSharedFlags looks at what flags have in common.
func (a *App) validateSharedFlags(tell report) {
	variables, files := map[string]string{}, map[string]string{}
	if a.Spec.Cache != nil {
		for name, n := range a.Spec.Cache.Namespaces {
			variables[n.Env] = "the cache namespace " + name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Spec.Flags)) {
		f, at := a.Spec.Flags[name], entry("flags", name)
		if e := f.Environment; e != nil && e.Variable != "" {
			if other := variables[e.Variable]; other != "" {
				tell(join(at, "environment.variable"), fmt.Sprintf("%s uses the variable %s already", other, printable(e.Variable)), "give each a variable of its own")
			}
			variables[e.Variable] = "the flag " + name
		}
		if f.File == nil {
			continue
		}
		path := absolute(f.File.Path, a.doc.source.dir)
		first, shared := files[path]
		if !shared {
			files[path] = name
			continue
		}
		if other := a.Spec.Flags[first].File; other.Format != f.File.Format || other.Mode != f.File.Mode {
			tell(join(at, "file"), fmt.Sprintf("%s shares this file, and has it in another format or mode", first), "write the same for both, or name another file")
		}
	}
}

// validateFlagFiles reports components that would go on reading a file which is
// not written any more, since it is of the version that goes.
func (r *Release) validateFlagFiles(a *App, companions []string) {
	for _, name := range slices.Sorted(maps.Keys(a.Spec.Flags)) {
		f := a.Spec.Flags[name]
		for _, stays := range companions {
			if f.ofVersion() && !r.changes(stays) && (f.Component == "" || f.Component == stays) {
				r.doc.report("spec.components", fmt.Sprintf("%s would stay with the file of flags of the version before, which the flag %s is not told by any more", stays, name),
					"add "+stays+" to the components that change, or say which component has the flag")
				return
			}
		}
	}
}

func (f Flag) validate(tell report) {
	ways := 0
	for _, given := range []bool{f.Environment != nil, f.File != nil, f.HTTP != nil, f.Command.given()} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		tell("", "a flag needs one of environment, file, http and command", "keep the one by which the app is told")
	}
	if f.Environment != nil {
		f.Environment.validate(tell.in("environment"))
	}
	if f.File != nil {
		f.File.validate(tell.in("file"))
	}
	if f.HTTP != nil {
		f.HTTP.validate(tell.in("http"))
	}
	if f.Command.given() {
		args, err := f.Command.args(false)
		if err != nil {
			reason, cure := explain(err, "")
			tell("command", reason, cure)
		}
		checkPlaceholders(strings.Join(args, " "), "command", hookPlaceholders, tell)
	}
	checkPositive(f.Timeout, "timeout", tell)
	if f.Retries > 0 {
		checkPositive(f.Pause, "pause", tell)
	}
}

func (v FlagVariable) validate(tell report) {
	if v.Variable != "" && (!envForm.MatchString(v.Variable) || strings.HasPrefix(v.Variable, "CUTOVER_")) {
		tell("variable", fmt.Sprintf("%q cannot be the variable", printable(v.Variable)), "use A-Z, 0-9 and _, not beginning with a digit or CUTOVER_")
	}
	for key, value := range map[string]Text{"on": v.On, "off": v.Off} {
		if isReference(string(value)) || strings.ContainsRune(string(value), 0) {
			tell(key, "it is what the app reads and cannot be a reference", "write the value itself, such as true")
		}
		checkPlaceholders(string(value), key, startPlaceholders, tell)
	}
	if v.On == v.Off {
		tell("on", "the feature would get the same value on and off", "write another one, or remove on")
	}
}

func (f FlagFile) validate(tell report) {
	checkPlaceholders(f.Path, "path", []string{"version"}, tell)
	if strings.HasSuffix(f.Path, "/") {
		tell("path", "this is a folder", "write the path of a file in it, such as flags.json")
	}
	if _, ok := f.mode(); !ok {
		tell("mode", fmt.Sprintf("%q are no permission bits for such a file", printable(string(f.Mode))), "write 0600, 0640 or 0644: its owner reads and writes, others read at most")
	}
}

func (h FlagHTTP) validate(tell report) {
	checkPlaceholders(h.URL, "url", hookPlaceholders, tell)
	checkPlaceholders(h.Body, "body", hookPlaceholders, tell)
	bare := placeholder.ReplaceAllString(h.URL, "x")
	at, err := url.Parse(bare)
	switch {
	case h.URL == "":
	case err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https":
		tell("url", "it is not an http or https address", `write one such as "http://127.0.0.1:9000/flags/{{flag}}"`)
	case at.User != nil || secretQuery(at.Query()):
		tell("url", "the address has a secret in it, which would be stored with every release", "send it as a header: headers: {Authorization: env:NAME}")
	}
	HTTP{Path: "/", Headers: h.Headers}.validate(tell)
}

// secretQuery reports whether a query has a value under a name that looks
// secret.
func secretQuery(q url.Values) bool {
	for name, values := range q {
		if slices.ContainsFunc(values, func(v string) bool { return looksSecret(name, v) }) {
			return true
		}
	}
	return false
}

// flags warns of secrets that would be stored.
func (l lint) flags(flags map[string]Flag) {
	for name, f := range flags {
		if f.HTTP != nil {
			l.secrets(f.HTTP.Headers, join(entry("spec.flags", name), "http.headers"))
		}
	}
}
