package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cutover/internal/release"
	"cutover/internal/signal"
)

// PgBouncer is the pooler between the instances and the database, and what a
// release may do to it.
type PgBouncer struct {
	// Its console, for a user among its admin_users: env:NAME or file:PATH, or an address without password.
	Console string `json:"console" jsonschema:"required" example:"env:SHOP_POOL_CONSOLE"`
	// What instances ask it for. May have {{app}}, {{side}} and {{version}}.
	Databases []string `json:"databases" jsonschema:"required" example:"[shop]"`
	// The application_name of a side's clients, such as shop-{{version}}, where both sides ask for the same database.
	Application string `json:"application,omitempty"`
	// Have clients wait for a moment while the database is changed under them.
	Pause *PoolPause `json:"pause,omitempty"`
	// How long to wait for the server connections that a side which is gone has left; 0s to leave them.
	Drain Duration `json:"drain,omitempty" jsonschema:"default=30s"`
	// PgBouncer's configuration: it is put in its place and RELOADed before anything else of a release, and taken back with it.
	File *PoolFile `json:"file,omitempty"`
}

// PoolPause is when clients are made to wait, and for how long at most.
type PoolPause struct {
	// What they wait during: expand (and its way back), contract, restore (which replaces the database).
	Around []PoolMoment `json:"around,omitempty" example:"[contract]"`
	// The longest that clients are made to wait by one pause. What is not done by then is given up, clients go on, and it is tried again.
	AtMost Duration `json:"atMost,omitempty" jsonschema:"default=5s"`
}

// PoolFile is a configuration file that PgBouncer reads.
type PoolFile struct {
	// The file to put there, relative to the folder of this file.
	Source string `json:"source" jsonschema:"required" example:"pgbouncer.ini"`
	// Where PgBouncer reads it. It has to be there already: its mode and owner stay.
	Path string `json:"path" jsonschema:"required" example:"/etc/pgbouncer/pgbouncer.ini"`
}

// PoolMoment is a change of the database during which clients may be made to
// wait.
type PoolMoment string

var poolMoments = []string{"expand", "contract", "restore"}

func (m *PoolMoment) fromText(text string) error { return choose(m, text, poolMoments, nil) }

func (*PoolMoment) form() string { return oneOf(poolMoments) }

// around says which actions each moment stands for.
var around = map[PoolMoment][]release.ActionKind{
	"expand":   {release.ActExpand, release.ActRevertSchema},
	"contract": {release.ActContract},
	"restore":  {release.ActExchange, release.ActExchangeBack},
}

// longestPause is the longest that users may be made to wait.
const longestPause = time.Minute

func (b *PgBouncer) validate(tell report) {
	if b == nil {
		return
	}
	checkReference(b.Console, "console", tell)
	if b.Console != "" && !isReference(b.Console) {
		if strings.Contains(b.Console, "password=") || passwordIn(b.Console) {
			tell("console", "it has a password in it, which would be stored with every release", "write env:NAME or file:PATH, which is resolved when it is needed")
		}
	}
	if len(b.Databases) == 0 {
		tell("databases", "there is none", "name what instances ask PgBouncer for, such as [shop]")
	}
	for i, name := range b.Databases {
		b.checkText(name, element("databases", i), tell)
		if name == "" || name == "pgbouncer" || strings.ContainsAny(name, "\"\n;") {
			tell(element("databases", i), fmt.Sprintf("%q is no database of the app", printable(name)), "write what the instances' address has as its database")
		}
	}
	b.checkText(b.Application, "application", tell)
	if b.Application != "" && !signal.BySide(b.Application) {
		tell("application", "it does not tell the sides apart", "write {{side}} or {{version}} into it, as the instances do")
	}
	if b.Drain < 0 {
		tell("drain", "it is below 0", "write a time such as 30s, or 0s for no wait")
	}
	if p := b.Pause; p != nil {
		checkPositive(p.AtMost, "pause.atMost", tell)
		if time.Duration(p.AtMost) > longestPause {
			tell("pause.atMost", "users would stand still for "+p.AtMost.String(), "write 1m at most; a few seconds is what most users bear")
		}
	}
	if f := b.File; f != nil && f.Path != "" && !filepath.IsAbs(f.Path) {
		tell("file.path", "it depends on where cutover was started", "write the whole path, such as /etc/pgbouncer/pgbouncer.ini")
	}
}

func passwordIn(address string) bool {
	_, rest, _ := strings.Cut(address, "://")
	user, _, has := strings.Cut(rest, "@")
	return has && strings.Contains(user, ":")
}

var poolPlaceholders = []string{"{{app}}", "{{side}}", "{{version}}"}

func (b *PgBouncer) checkText(text, path string, tell report) {
	rest := text
	for _, p := range poolPlaceholders {
		rest = strings.ReplaceAll(rest, p, "")
	}
	if strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
		tell(path, "it has a placeholder that there is not", "there are "+strings.Join(poolPlaceholders, ", "))
	}
}

// resolve gives the pooler its core form, without its file. A nil one has none.
func (b *PgBouncer) resolve(dir string) release.Pooler {
	if b == nil {
		return release.Pooler{}
	}
	p := release.Pooler{Console: absoluteReference(b.Console, dir), Databases: slices.Sorted(slices.Values(b.Databases)), Application: b.Application, DrainMost: time.Duration(b.Drain)}
	if b.Pause == nil {
		return p
	}
	p.PauseMost = time.Duration(b.Pause.AtMost)
	moments := b.Pause.Around
	if len(moments) == 0 {
		moments = []PoolMoment{"contract"}
	}
	for _, m := range moments {
		p.Around = append(p.Around, around[m]...)
	}
	return p
}

// poolFile reads PgBouncer's configuration that goes with a plan.
func (a *App) poolFile(keep Snapshot) (release.PoolFile, error) {
	if a.Spec.Database == nil || a.Spec.Database.PgBouncer == nil || a.Spec.Database.PgBouncer.File == nil {
		return release.PoolFile{}, nil
	}
	f := a.Spec.Database.PgBouncer.File
	const at = "spec.database.pgbouncer.file"
	text, err := os.ReadFile(absolute(f.Source, a.doc.source.dir))
	if err != nil {
		return release.PoolFile{}, Problems{{Place: a.doc.at(at + ".source"), Path: at + ".source", Reason: "the file cannot be read: " + err.Error(), Cure: "correct the path: it starts from the folder of this file"}}
	}
	if _, err := os.Stat(f.Path); err != nil {
		return release.PoolFile{}, Problems{{Place: a.doc.at(at + ".path"), Path: at + ".path", Reason: "PgBouncer's file cannot be found: " + err.Error(), Cure: "write the path of the file that PgBouncer was started with, on this machine"}}
	}
	saved, err := keep.Save(filepath.Base(f.Path), text)
	if err != nil {
		return release.PoolFile{}, fmt.Errorf("keep a snapshot of %s: %w", f.Source, err)
	}
	return release.PoolFile{Path: f.Path, Content: saved}, nil
}
