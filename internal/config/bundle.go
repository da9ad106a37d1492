package config

import (
	"fmt"
	"slices"
	"strings"

	"cutover/internal/release"
	"cutover/internal/signal"
)

// Bundle is what the files say, in the order they were read.
type Bundle struct {
	Apps     []*App
	Releases []*Release
	Policies []*Policy

	sources []*source
	loads   func(LoadOrder) (LoadPlan, error)
	// partial says that a document could not be read at all, so that others
	// may seem to be alone.
	partial bool
	// acceptSignal is the Loader's AcceptSignal.
	acceptSignal func(signal.Signal) error
}

// App returns the app with this name.
func (b *Bundle) App(name string) (*App, bool) {
	for _, a := range b.Apps {
		if a.Metadata.Name == name {
			return a, true
		}
	}
	return nil, false
}

// Release finds a release by its own name or by its app's. With "", the only
// release there is.
func (b *Bundle) Release(name string) (*Release, error) {
	var names []string
	for _, r := range b.Releases {
		if r.Metadata.Name == name {
			return r, nil
		}
		names = append(names, r.Metadata.Name)
	}
	for _, r := range b.Releases {
		if r.Metadata.App == name || name == "" && len(b.Releases) == 1 {
			return r, nil
		}
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("find a release: the files have none; add a document with kind: Release")
	case name == "":
		return nil, fmt.Errorf("find a release: the files have %d; name one of %s", len(names), strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("find the release %q: the files have %s", name, strings.Join(names, ", "))
}

// Place returns where the release was written.
func (r *Release) Place() Place { return r.doc.at("") }

// Place returns where the app was written.
func (a *App) Place() Place { return a.doc.at("") }

// Place returns where the policy was written.
func (p *Policy) Place() Place { return p.doc.at("") }

// problems collects what was found in all files so far.
func (b *Bundle) problems() Problems {
	var all Problems
	for _, s := range b.sources {
		all = append(all, s.problems...)
	}
	return all
}

// validate looks at each document and then at how they fit together.
func (b *Bundle) validate(accept func(release.Check) error) {
	unique(b.Apps, "app", func(a *App) (*document, string) { return a.doc, a.Metadata.Name })
	unique(b.Releases, "release", func(r *Release) (*document, string) { return r.doc, r.Metadata.Name })
	unique(b.Policies, "policy", func(p *Policy) (*document, string) { return p.doc, p.Metadata.Name })
	for _, a := range b.Apps {
		a.validate()
		judgeWindows(a.Metadata.Name, b.Policies)
	}
	for _, p := range b.Policies {
		p.validate()
	}
	first := map[string]*Release{}
	for _, r := range b.Releases {
		b.validateRelease(r, accept)
		app := r.Metadata.App
		if other, twice := first[app]; twice && app != "" {
			r.doc.report("metadata.app", fmt.Sprintf("the app %s has a release at %s already", app, other.Place()),
				"keep the one to deploy; finished ones stay in the history")
		} else {
			first[app] = r
		}
	}
}

func (b *Bundle) validateRelease(r *Release, accept func(release.Check) error) {
	replicas := 0
	if app, ok := b.App(r.Metadata.App); ok {
		c, _ := app.component()
		replicas = c.Replicas
	} else if r.Metadata.App != "" && !b.partial {
		r.doc.report("metadata.app", fmt.Sprintf("there is no app %q in these files", printable(r.Metadata.App)), b.appCure(r.Metadata.App))
	}
	r.validate(replicas, accept)
	if app, ok := b.App(r.Metadata.App); ok {
		r.validateDatabase(app)
		r.validateFront(app)
		r.validateCache(app)
		r.validateCacheSignals(app)
		r.validateComponents(app)
		r.validateAddresses(app)
	}
	r.validateSignals(b.acceptSignal)
	if app, ok := b.App(r.Metadata.App); ok && lacksFiles(app, r) {
		_, at := app.component()
		app.doc.report(join(at, "command"), "{{files}} stands for the folder of the configuration files, and there are none", "name them in spec.config: {files: [...]}")
	}
	for _, p := range b.Policies {
		if p.appliesTo(r.Metadata.App) {
			p.judge(r, replicas)
		}
	}
}

// validateDatabase reports what the app's database cannot give.
func (r *Release) validateDatabase(a *App) {
	if a.Spec.Database != nil {
		if a.Spec.Database.Type == "sqlite" && r.Spec.Backup != nil {
			r.doc.report("spec.backup", "backups of SQLite are not available yet", "remove it, and copy the file with `sqlite3 FILE .backup` before the release")
		}
		if a.Spec.Database.Type == "sqlite" && r.Spec.Rehearse != nil {
			r.doc.report("spec.rehearse", "a change of a SQLite database cannot be rehearsed by a release: only PostgreSQL can be cloned beside its users", "remove it, and try the change on a copy of the file: `sqlite3 FILE .backup`")
		}
		if a.Spec.Database.Type == "sqlite" && r.Spec.Schema != nil && len(r.Spec.Schema.Accept) > 0 {
			r.doc.report("spec.schema.accept", "the linter reads PostgreSQL's language, and this is a SQLite database", "remove it")
		}
		return
	}
	const cure = "add database: {type: postgres, url: env:DATABASE_URL} to the app's spec"
	reason := "the app " + a.Metadata.Name + " names no database"
	if r.Spec.Schema != nil {
		r.doc.report("spec.schema", reason, cure)
	}
	if r.Spec.Backup != nil {
		r.doc.report("spec.backup", reason, cure)
	}
}

// lacksFiles reports whether a version would be started with {{files}} and
// without files.
func lacksFiles(a *App, r *Release) bool {
	in, err := inputsOf(a, r, a.front())
	if err != nil || slices.ContainsFunc(in.files, func(i input) bool { return !i.env }) {
		return false
	}
	texts := slices.Clone(in.args)
	for _, v := range in.env {
		texts = append(texts, v.Value)
	}
	return strings.Contains(strings.Join(texts, " "), "{{files}}")
}

func (b *Bundle) appCure(wrong string) string {
	var names []string
	for _, a := range b.Apps {
		names = append(names, a.Metadata.Name)
	}
	if n := nearest(wrong, names); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return "name the file with kind: App too, or the folder with both"
}

// unique reports documents of one kind that share a name.
func unique[T any](list []T, kind string, of func(T) (*document, string)) {
	first := map[string]*document{}
	for _, one := range list {
		doc, name := of(one)
		if other, twice := first[name]; twice && name != "" {
			doc.report("metadata.name", fmt.Sprintf("the %s %q is at %s already", kind, printable(name), other.at("metadata.name")),
				"remove one of the two, or rename it")
			continue
		}
		first[name] = doc
	}
}
