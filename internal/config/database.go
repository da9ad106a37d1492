package config

import (
	"net/url"
	"strings"
	"time"

	"cutover/internal/release"
)

// Database is where an app keeps its data, and how it may be disturbed.
type Database struct {
	// The type of database.
	Type DatabaseType `json:"type" jsonschema:"required" example:"postgres"`
	// Where it is. PostgreSQL: env:NAME or file:PATH, or an address without password. SQLite: the path of its file.
	URL Text `json:"url" jsonschema:"required" example:"env:DATABASE_URL"`
	// The PostgreSQL schema of the tables.
	Schema string `json:"schema,omitempty" jsonschema:"default=public"`
	// The lock budget: how long anything of a release may wait for a lock, and with it the users who queue behind.
	LockTimeout Duration `json:"lockTimeout,omitempty" jsonschema:"default=300ms"`
	// What the instances take of the connections there are: a release whose two versions together would not fit is refused. PostgreSQL only.
	Pool *Pool `json:"pool,omitempty"`
	// The PgBouncer through which instances reach it, for a release to steer. PostgreSQL only.
	PgBouncer *PgBouncer `json:"pgbouncer,omitempty"`
}

// Pool is what the instances take of the connections there are.
type Pool struct {
	// How many connections one instance opens at most, of any component.
	PerInstance int `json:"perInstance" jsonschema:"required,minimum=1,maximum=10000" example:"10"`
	// How many stay free for people, backups and cutover itself.
	Reserve int `json:"reserve,omitempty" jsonschema:"default=5,minimum=0"`
}

func (p *Pool) resolve() release.Pool {
	if p == nil {
		return release.Pool{}
	}
	return release.Pool{PerInstance: p.PerInstance, Reserve: p.Reserve}
}

// DatabaseType is a kind of database.
type DatabaseType string

var databases = []string{"postgres", "sqlite"}

func (d *DatabaseType) fromText(text string) error {
	return choose(d, text, databases, []string{"mysql"})
}

func (*DatabaseType) form() string { return oneOf(databases) }

func (d *Database) validate(tell report) {
	if d == nil {
		return
	}
	checkReference(string(d.URL), "url", tell)
	checkPositive(d.LockTimeout, "lockTimeout", tell)
	if d.Pool != nil && d.Type == "sqlite" {
		tell("pool", "a SQLite database has no limit of connections", "remove it")
	}
	if d.PgBouncer != nil && d.Type == "sqlite" {
		tell("pgbouncer", "there is no PgBouncer before a SQLite database", "remove it")
	}
	d.PgBouncer.validate(tell.in("pgbouncer"))
	if d.URL == "" || isReference(string(d.URL)) {
		return
	}
	switch d.Type {
	case "postgres":
		u, err := url.Parse(string(d.URL))
		if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
			tell("url", "it is not an address of PostgreSQL", "write env:NAME or file:PATH for one, or postgres://user@host:5432/database")
			return
		}
		if _, has := u.User.Password(); has || u.Query().Has("password") {
			tell("url", "it has a password in it, which would be stored with every release", "write env:NAME or file:PATH, which is resolved when it is needed")
		}
	case "sqlite":
		if strings.Contains(string(d.URL), "://") {
			tell("url", "a SQLite database is a file", "write its path, relative to the folder of this file")
		}
	}
}

// Database returns where the app keeps its data, in its core form; the zero
// value if the file does not say so.
func (a *App) Database() release.Database { return a.Spec.Database.resolve(a.doc.source.dir) }

// resolve gives the database its core form. A nil one has none.
func (d *Database) resolve(dir string) release.Database {
	if d == nil {
		return release.Database{}
	}
	db := release.Database{Driver: release.DatabaseDriver(d.Type), URL: absoluteReference(string(d.URL), dir), LockTimeout: time.Duration(d.LockTimeout), Pool: d.Pool.resolve(), Pooler: d.PgBouncer.resolve(dir)}
	if db.Driver == release.PostgreSQL {
		db.Namespace = d.Schema
	} else if !isReference(db.URL) {
		db.URL = absolute(db.URL, dir)
	}
	return db
}
