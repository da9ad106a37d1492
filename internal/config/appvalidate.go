package config

import (
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutover/internal/release"
)

var hostForm = regexp.MustCompile(`^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

func (a *App) validate() {
	tell := a.doc.reporter("")
	checkName(a.Metadata.Name, "metadata.name", tell)
	a.validateRuntime(tell.in("spec"))
	a.validateComponents(tell.in("spec"))
	a.Spec.Config.validate(tell.in("spec.config"))
	a.Spec.Database.validate(tell.in("spec.database"))
	a.Spec.Cache.validate(tell.in("spec.cache"))
	a.validateFlags(tell.in("spec"))
	a.Spec.Traffic.validate(tell.in("spec.traffic"))
	a.validateForeign(tell.in("spec.traffic"))
}

func (a *App) validateComponents(tell report) {
	names := slices.Sorted(maps.Keys(a.Spec.Components))
	switch {
	case len(names) == 0 && a.doc.has("spec.components"):
		tell("components", "there is no component", `add one such as web: {command: ["./shop", "--port", "{{port}}"]}`)
	}
	a.validateFront(names, tell)
	for _, name := range names {
		path := entry("components", name)
		checkName(name, path, tell)
		a.Spec.Components[name].validate(tell.in(path))
	}
}

// validateFront makes sure that exactly one component serves the users.
func (a *App) validateFront(names []string, tell report) {
	var fronts []string
	for _, name := range names {
		if a.Spec.Components[name].Type == web {
			fronts = append(fronts, name)
		}
	}
	switch {
	case len(names) > 0 && len(fronts) == 0:
		tell("components", "none of the components serves the users", "write type: web in the one that takes requests")
	case len(fronts) > 1:
		tell(entry("components", fronts[1]), fmt.Sprintf("%s serve the users, and one can", strings.Join(fronts, " and ")),
			"write type: worker or type: singleton in those that take no requests")
	}
}

// component returns the component that serves the users, and its path.
func (a *App) component() (Component, string) {
	name := a.front()
	if name == "" {
		return Component{}, "spec.components"
	}
	return a.Spec.Components[name], entry("spec.components", name)
}

// front names the component that serves the users, "" for none.
func (a *App) front() string {
	for _, name := range slices.Sorted(maps.Keys(a.Spec.Components)) {
		if a.Spec.Components[name].Type == web {
			return name
		}
	}
	return ""
}

// companions names the other components, sorted.
func (a *App) companions() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(a.Spec.Components)) {
		if a.Spec.Components[name].Type != web {
			names = append(names, name)
		}
	}
	return names
}

func (c Config) validate(tell report) {
	checkEnv(c.Env, "env", tell)
	checkPlaceholders(c.EnvFile, "envFile", pathPlaceholders, tell)
	checkFiles(c.Files, "files", tell)
}

func checkEnv(env map[string]Text, path string, tell report) {
	for name, value := range env {
		at := entry(path, name)
		if !envForm.MatchString(name) {
			tell(at, fmt.Sprintf("%q is not the name of an environment variable", printable(name)), "use A-Z, 0-9 and _, not beginning with a digit")
		}
		if strings.ContainsRune(string(value), 0) {
			tell(at, "the value contains a zero byte", "remove it")
		}
		checkReference(string(value), at, tell)
		if strings.HasPrefix(name, "CUTOVER_") {
			tell(at, "names that begin with CUTOVER_ are set by cutover itself", "choose another name")
		}
		known := startPlaceholders
		if isReference(string(value)) {
			known = pathPlaceholders
		}
		checkPlaceholders(string(value), at, known, func(path, reason, cure string) {
			if looksSecret(name, string(value)) {
				reason, cure = "the value has a {{...}} that is no placeholder", "write env:NAME or file:PATH, which is taken as it is"
			}
			tell(path, reason, cure)
		})
	}
}

func checkFiles(files []string, path string, tell report) {
	seen := map[string]string{}
	for i, f := range files {
		at := element(path, i)
		checkPlaceholders(f, at, pathPlaceholders, tell)
		base := filepath.Base(f)
		switch other, twice := seen[base]; {
		case f == "":
			tell(at, "there is no path", "write the path of a file, relative to the folder of this file")
		case twice:
			tell(at, fmt.Sprintf("%s and %s would have the same name, %s, in {{files}}", other, f, base), "rename one of them")
		}
		seen[base] = f
	}
}

func (t Traffic) validate(tell report) {
	checkAddress(t.Listen, "listen", tell)
	checkAddress(t.PrivateGreen, "privateGreen", tell)
	if t.PrivateGreen != "" && t.PrivateGreen == t.Listen {
		tell("privateGreen", "it is the address users connect to", "choose another port")
	}
	for i, h := range t.Hosts {
		if !hostForm.MatchString(h) {
			tell(element("hosts", i), strconv.Quote(h)+" is not a host", `write it in lower case and without port, such as "shop.example.org"`)
		}
	}
	if t.Path == "" {
		tell("path", "there is no path", "write / for everything")
	}
	checkURLPath(t.Path, "path", tell)
	t.Affinity.validate(tell.in("affinity"))
	t.Limits.validate(tell.in("limits"))
	t.Pages.validate(tell.in("pages"))
	t.Assets.validate(tell.in("assets"))
	for i, network := range t.Trust {
		_, errNetwork := netip.ParsePrefix(network)
		if _, err := netip.ParseAddr(network); err != nil && errNetwork != nil {
			tell(element("trust", i), strconv.Quote(network)+" is not a network", "write one such as 10.0.0.0/8, or a single address")
		}
	}
	t.TLS.validate(t.Hosts, t.Listen, tell.in("tls"))
	if t.TLS != nil && t.PrivateGreen != "" && t.PrivateGreen == t.TLS.Redirect {
		tell("privateGreen", "it is the address of tls.redirect", "choose another port")
	}
	t.Hold.validate(tell.in("hold"))
}

func (a Affinity) validate(tell report) {
	if a.Off && (a.Header != "" || a.Cookie != "") {
		tell("", "off together with a header or cookie says two things at once", "remove one of the two")
	}
	for path, name := range map[string]string{"header": a.Header, "cookie": a.Cookie} {
		if name != "" && !headerForm.MatchString(name) {
			tell(path, strconv.Quote(name)+" cannot be the name of a "+path, "use letters, digits, - and _")
		}
	}
}

func (t Traffic) front(dir string) release.Front {
	if t.foreign() {
		return t.foreignFront(dir)
	}
	return release.Front{
		Listen: t.Listen, Hosts: t.Hosts, Path: t.Path,
		Sticky:        release.Sticky{Header: t.Affinity.Header, Cookie: t.Affinity.Cookie, Off: t.Affinity.Off},
		PrivateListen: t.PrivateGreen,
		StreamGrace:   time.Duration(t.StreamGrace), StreamSpread: time.Duration(t.StreamSpread),
		Limits: t.Limits.resolve(), Trust: t.Trust, Assets: t.Assets.Paths,
		TLS: t.TLS.resolve(t.Hosts, dir), Backend: t.Backend.protocol(),
		Hold: t.Hold.resolve(),
	}
}
