package release

import (
	"slices"
	"strings"
	"time"
)

// Pooler is the PgBouncer between an app and its database, and what a release
// may do to it. The zero value is none.
type Pooler struct {
	// Console is the address of its console: without a password, or a reference
	// ("env:NAME" or "file:/path") that is resolved whenever it is needed.
	Console string `json:"console"`
	// Databases are the names under which instances ask for the database. They
	// may have {{app}}, {{side}} and {{version}}.
	Databases []string `json:"databases,omitempty"`
	// Around names the actions for which clients are made to wait until no
	// server connection is left. The app's own migrations are never among them:
	// they may connect through the very pool.
	Around []ActionKind `json:"around,omitempty"`
	// PauseMost bounds each such pause: after it clients go on, whatever has
	// become of the action.
	PauseMost time.Duration `json:"pauseMost,omitempty"`
	// DrainMost bounds the wait for the server connections that a side which is
	// gone has left behind; 0 is no wait.
	DrainMost time.Duration `json:"drainMost,omitempty"`
	// Application is the application_name of the side's clients, with
	// placeholders as in Databases, where both sides ask for the same database;
	// "" if they cannot be told apart.
	Application string `json:"application,omitempty"`
	// File is PgBouncer's configuration from this release on.
	File PoolFile `json:"file,omitzero"`
}

// PoolFile is a configuration file that PgBouncer reads. The zero value leaves
// what is there.
type PoolFile struct {
	// Path is where PgBouncer looks for it, Content what it is to hold.
	Path    string `json:"path,omitempty"`
	Content File   `json:"content,omitzero"`
}

// Used reports whether there is a PgBouncer that a release knows of.
func (p Pooler) Used() bool { return p.Console != "" }

// PoolNames returns what instances of the named sides ask PgBouncer for, sorted,
// each once. Without a side it is what both do.
func (p Plan) PoolNames(sides ...Side) []string {
	if len(sides) == 0 {
		sides = []Side{p.From.Side, p.To.Side}
	}
	var names []string
	for _, side := range sides {
		for _, name := range p.Database.Pooler.Databases {
			if t := p.TargetOf("", side); t.Version != "" {
				names = append(names, p.poolText(name, t))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// PoolApplication returns the application_name of a side's clients, "" if it
// is not known.
func (p Plan) PoolApplication(side Side) string {
	return p.poolText(p.Database.Pooler.Application, p.TargetOf("", side))
}

func (p Plan) poolText(text string, t Target) string {
	return strings.NewReplacer("{{app}}", p.App, "{{side}}", string(t.Side), "{{version}}", t.Version).Replace(text)
}

// PoolOwn lists the databases of PgBouncer that only one side asks for.
func (p Plan) PoolOwn(side Side) []string {
	shared := p.PoolNames(side.Other())
	return slices.DeleteFunc(p.PoolNames(side), func(name string) bool { return slices.Contains(shared, name) })
}

// PausesFor reports whether clients are made to wait during an action.
func (p Plan) PausesFor(k ActionKind) bool {
	if !p.Database.Pooler.Used() || !slices.Contains(p.Database.Pooler.Around, k) {
		return false
	}
	return !p.Schema.IsNative() || k == ActExchange || k == ActExchangeBack
}

// waiting says for whom an action means a wait, and for how long.
func (p Plan) waiting(k ActionKind) string {
	if !p.PausesFor(k) {
		return ""
	}
	return ", while PgBouncer's clients wait, " + Span(p.Database.Pooler.PauseMost) + " at most"
}

// drainsPool reports whether server connections are waited for.
func (p Plan) drainsPool() bool { return p.Database.Pooler.Used() && p.Database.Pooler.DrainMost > 0 }
