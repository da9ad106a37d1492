package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Severity says how much a finding matters.
type Severity string

// The severities. Bad stops a release before it begins, Warning deserves a
// thought.
const (
	Bad     Severity = "error"
	Warning Severity = "warning"
)

// Finding is something that is allowed and yet may not be meant, or a file
// that cannot be used.
type Finding struct {
	// ID names the rule.
	ID    string `json:"id"`
	Place Place  `json:"place"`
	Path  string `json:"path,omitempty"`
	// Reason says what may happen, Cure how to avoid it. Neither ever has a
	// value that looks secret.
	Reason   string   `json:"reason"`
	Cure     string   `json:"cure"`
	Severity Severity `json:"severity"`
}

// String writes place, severity, reason, cure and ID on one line.
func (f Finding) String() string {
	return f.Place.String() + ": " + string(f.Severity) + ": " + f.Reason + "; " + f.Cure + " [" + f.ID + "]"
}

// lint collects findings about one document.
type lint struct {
	doc   *document
	found *[]Finding
}

func (l lint) warn(id, path, reason, cure string) {
	*l.found = append(*l.found, Finding{id, l.doc.at(path), path, reason, cure, Warning})
}

// Lint looks for what is allowed and yet may not be meant, and at the files
// and folders that the documents name. It returns findings in order of place.
func Lint(b *Bundle) []Finding {
	var found []Finding
	for _, a := range b.Apps {
		lint{a.doc, &found}.app(a)
	}
	for _, r := range b.Releases {
		app, ok := b.App(r.Metadata.App)
		if !ok {
			continue
		}
		l := lint{r.doc, &found}
		l.strategy(r.Spec.Strategy)
		l.evidence(r.Spec)
		l.signals(r.Spec.Signals, r.doc.source.dir)
		l.release(app, r)
		l.inputs(app, r)
		l.schema(app, r)
		l.catalogue(app, r)
		l.loads(b, r)
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(a.Place.compare(b.Place), strings.Compare(a.ID, b.ID))
	})
	return found
}

func (l lint) app(a *App) {
	c, at := a.component()
	if c.Health.Path == "" {
		l.warn("no-health-path", join(at, "health"), "an open port counts as ready, whether the app can answer or not", "add health: {path: /health} with a path that fails when the app cannot work")
	}
	l.command(c.Command, c.Shell, a.Spec.Runtime.containers(), join(at, "command"))
	for name, c := range a.Spec.Components {
		l.image(c.Image, join(entry("spec.components", name), "image"))
	}
	l.secrets(a.Spec.Config.Env, "spec.config.env")
	l.swarm(a)
	l.flags(a.Spec.Flags)
	t := a.Spec.Traffic
	if isEverywhere(t.Listen) {
		l.warn("open-to-network", "spec.traffic.listen", t.Listen+" can be reached from every network this machine is in", "write 127.0.0.1 or one address before the port unless that is meant")
	}
	if t.PrivateGreen != "" && !isLoopback(t.PrivateGreen) {
		l.warn("private-side-open", "spec.traffic.privateGreen", "others than this machine may reach a version that is not released", "write 127.0.0.1 before the port")
	}
	l.tls(t)
	l.front(t)
	if t.Affinity.Off {
		l.warn("no-affinity", "spec.traffic.affinity", "a user may meet both versions within one page", "remove off: true unless requests are independent of each other")
	}
}

// command warns of a shell's signs where there is no shell, and of a port
// that all instances would have to share, unless each has ports of its own.
func (l lint) command(c Command, shell, ownPorts bool, path string) {
	args, err := c.args(shell)
	if err != nil {
		return
	}
	if sign := shellSigns(args); sign != "" && !shell {
		l.warn("shell-signs", path, "no shell reads the command, so the program gets "+mask(printable(sign))+" as it stands", "write the command as one text with shell: true")
	}
	if port := fixedPort(args); port != "" && !ownPorts {
		l.warn("fixed-port", path, "each instance gets a port of its own, but the command asks for "+port, "write {{port}} in its place, or leave it to the variable PORT")
	}
}

func (l lint) secrets(env map[string]Text, path string) {
	for name, value := range env {
		if looksSecret(name, string(value)) {
			l.warn("plain-secret", entry(path, name), name+" looks like a secret, and its value would be stored with every release", "write env:NAME or file:PATH, which is resolved when an instance starts")
		}
	}
}

func (l lint) strategy(s Strategy) {
	if s.Shadow != nil && s.Shadow.AtMost == 0 {
		l.warn("no-limit", "spec.strategy.shadow.atMost", "without enough answers the release waits for ever and does not pause", "write atMost, such as 1h")
	}
	if s.Type == "shadow" {
		return
	}
	if s.Standby == 0 {
		l.warn("no-standby", "spec.strategy.standby", "the old version stops as soon as the soak ends, and no instant rollback is left", "write standby: 24h")
	}
	if s.Type == "rolling" {
		l.warn("slow-rollback", "spec.strategy.type", "a rolling update stops old instances, so a rollback has to start them again", "write canary or blue-green if it must take seconds")
		return
	}
	l.hold(s.Hold, "spec.strategy.hold", s.adaptive(), s.Type != "canary")
	l.hold(s.Soak, "spec.strategy.soak", s.adaptive(), false)
	for i, step := range s.Steps {
		at := join(element("spec.strategy.steps", i), "hold")
		l.hold(*step.Hold, at, s.adaptive(), !l.doc.has(at))
	}
}

// hold warns of a hold that promotes without evidence or never pauses. Known
// holds are warned of elsewhere already.
func (l lint) hold(h Hold, path string, adaptive, known bool) {
	if known {
		return
	}
	if h.AtLeastRequests == 0 && !adaptive {
		l.warn("no-evidence", join(path, "atLeastRequests"), "without a request the version is promoted without evidence", "write the number of requests that convinces you, such as 100")
	}
	if h.AtMost == 0 {
		l.warn("no-limit", join(path, "atMost"), "without enough requests the release waits for ever and does not pause", "write atMost, such as 1h")
	}
}

// loose is the chance of a false alarm beyond which people are asked whether
// they mean it.
const loose = 0.05

func (l lint) evidence(s ReleaseSpec) {
	if len(s.Checks.Smoke) == 0 {
		l.warn("no-smoke-checks", "spec.checks", "users are the first to try the new version", "add checks: {smoke: [{http: /health}]}")
	}
	if s.Guard.FalseAlarms > loose {
		l.warn("loose-guard", "spec.guard.falseAlarms", "of a hundred good releases "+strconv.Itoa(int(100*s.Guard.FalseAlarms+0.5))+" may be taken back", "write a smaller chance such as 0.1%")
	}
	for i, c := range s.Checks.Smoke {
		at := element("spec.checks.smoke", i)
		if args, err := c.Run.args(c.Shell); err == nil && !c.Shell && shellSigns(args) != "" {
			l.warn("shell-signs", join(at, "run"), "no shell reads the command, so the program gets "+mask(printable(shellSigns(args)))+" as it stands", "write the command as one text with shell: true")
		}
		if c.HTTP != nil {
			l.secrets(c.HTTP.Headers, join(at, "http.headers"))
		}
	}
}

// release warns of what only app and release together show.
func (l lint) release(a *App, r *Release) {
	c, _ := a.component()
	if t := r.Spec.To; t.Command.given() {
		l.command(t.Command, t.Shell, a.Spec.Runtime.containers(), "spec.to.command")
	}
	l.image(r.Spec.To.Image, "spec.to.image")
	l.secrets(r.Spec.To.Env, "spec.to.env")
	if time.Duration(r.Spec.Drain.Wait) > time.Duration(c.Stop.Grace) {
		l.warn("drain-outlasts-grace", "spec.drain.wait", "requests may take "+r.Spec.Drain.Wait.String()+" by drain.wait, but an instance that is stopped is killed after "+c.Stop.Grace.String(), "write stop: {grace: "+r.Spec.Drain.Wait.String()+"} in the app's component")
	}
	if !distinct(a, r) {
		l.warn("same-program", "spec.to", "nothing in the app or release depends on the version, so old and new would run the same", "put {{version}} into the command, dir or files, or give the release a command of its own")
	}
}

// distinct reports whether what runs depends on the version.
func distinct(a *App, r *Release) bool {
	t := r.Spec.To
	if t.Command.given() || t.Image != "" || t.Dir != "" || t.EnvFile != "" || len(t.Env) > 0 || r.doc.has("spec.to.files") {
		return true
	}
	c, _ := a.component()
	if a.Spec.Runtime.Type == runtimeStatic {
		return true // each version has addresses of its own
	}
	texts := append([]string{c.Command.String(), a.Spec.Runtime.Start.String(), c.Dir, c.Image, a.Spec.Config.EnvFile}, a.Spec.Config.Files...)
	for _, v := range a.Spec.Config.Env {
		texts = append(texts, string(v))
	}
	return strings.Contains(strings.Join(texts, " "), "{{version}}")
}

// inputs looks at the files the version is made of.
func (l lint) inputs(a *App, r *Release) {
	in, err := inputsOf(a, r, a.front())
	if err != nil {
		return
	}
	contents, problems := in.contents(a, r)
	for _, p := range problems {
		*l.found = append(*l.found, Finding{"unusable-file", p.Place, p.Path, p.Reason, p.Cure, Bad})
	}
	for _, c := range contents {
		if !c.env {
			continue
		}
		for n, line := range envLines(c.data) {
			name, value, _ := cutEnv(line)
			if looksSecret(name, value) {
				*l.found = append(*l.found, Finding{"plain-secret", Place{c.path, n, 1}, c.key,
					name + " looks like a secret, and the file would be stored with every release",
					"move it to config.env as env:NAME or file:PATH", Warning})
			}
		}
	}
}
