package schematest

import (
	"errors"
	"strings"
	"testing"
)

// Articles runs the examples, alone and with writers, each in a database of
// its own. notVerified is the engine's error for a contract without a
// verification.
func Articles(t *testing.T, open Open, notVerified error) {
	for name, test := range map[string]func(*testing.T, Database){
		"an email is filled, and then demanded":                     email,
		"a value may not be contracted before it is verified":       func(t *testing.T, d Database) { unverified(t, d, notVerified) },
		"a timeout with a default is there at once":                 timeout,
		"a table of new code is kept by a revert if it has rows":    flags,
		"a street is split with and without a house number":         street,
		"writers of both shapes lose nothing until contract":        writersContract,
		"a revert keeps what writers of both shapes wrote":          writersRevert,
		"a value that new code has taken away does not come back":   takenAway,
		"a row that is updated before it is filled is filled by it": earlyUpdates,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// rows inserts n numbered rows: the text has %d where the number belongs.
func rows(into, values string) string {
	return "INSERT INTO " + into + " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT " + values + " FROM n"
}

const users = `CREATE TABLE users (id integer PRIMARY KEY, username text NOT NULL, seen integer)`

func email(t *testing.T, d Database) {
	a := d.app(t)
	a.run(users, rows("users (id, username)", "i, 'user' || i"))
	before := d.Shape(t)
	c := Example(t, "users-email")
	must(t, "check", d.Engine.Check(t.Context(), c))
	d.isShaped(t, before)
	d.fill(t, c)
	d.revert(t, c, before)
	d.fill(t, c)
	a.run("INSERT INTO users (id, username) VALUES (1001, 'old')", "INSERT INTO users (id, username, email) VALUES (1002, 'new', 'me@new.org')")
	a.refuses("UPDATE users SET email = NULL WHERE id = 1002")
	d.contract(t, c)
	a.gives("SELECT count(*) FROM users WHERE email = username || '@example.com'", "501")
	a.gives("SELECT email FROM users WHERE id = 1002", "me@new.org")
	a.refuses("INSERT INTO users (id, username) VALUES (1003, 'late')")
	a.refuses("UPDATE users SET email = NULL WHERE id = 1002")
}

func unverified(t *testing.T, d Database, want error) {
	a := d.app(t)
	a.run(users, "INSERT INTO users (id, username) VALUES (1, 'ann')")
	c := Example(t, "users-email")
	must(t, "expand", d.Engine.Expand(t.Context(), c))
	if err := d.Engine.Contract(t.Context(), c); !errors.Is(err, want) {
		t.Errorf("contract before the backfill: %v", err)
	}
	other := c
	other.Operations = append(other.Operations, other.Operations[0])
	if err := d.Engine.Contract(t.Context(), other); err == nil || !strings.Contains(err.Error(), "other operations") {
		t.Errorf("another change under the same name: %v", err)
	}
	d.fill(t, c)
	d.contract(t, c)
}

func timeout(t *testing.T, d Database) {
	a := d.app(t)
	a.run("CREATE TABLE queries (id integer PRIMARY KEY, body text)", "INSERT INTO queries (id, body) VALUES (1, 'a')")
	before := d.Shape(t)
	c := Example(t, "query-timeout")
	d.fill(t, c)
	a.run("INSERT INTO queries (id, body) VALUES (2, 'b')")
	a.gives("SELECT id, query_timeout_seconds FROM queries ORDER BY id", "1|30", "2|30")
	d.revert(t, c, before)
	d.fill(t, c)
	d.contract(t, c)
	a.gives("SELECT id, query_timeout_seconds FROM queries ORDER BY id", "1|30", "2|30")
}

func flags(t *testing.T, d Database) {
	a := d.app(t)
	before := d.Shape(t)
	c := Example(t, "feature-flags")
	d.fill(t, c)
	d.revert(t, c, before)
	d.fill(t, c)
	a.run("INSERT INTO feature_flags (name, enabled, note) VALUES ('dark', true, 'night')")
	must(t, "revert", d.Engine.Revert(t.Context(), c))
	a.refuses("SELECT * FROM feature_flags")
	if kept := d.Kept(t, "feature_flags"); len(kept) != 1 || !strings.HasPrefix(kept[0], "dark|") {
		t.Errorf("the revert has kept %q", kept)
	}
	d.fill(t, c)
	a.gives("SELECT count(*) FROM feature_flags", "0")
	d.contract(t, c)
}

func takenAway(t *testing.T, d Database) {
	a := d.app(t)
	a.run(addresses...)
	c := Example(t, "address-street")
	d.fill(t, c)
	a.run(`UPDATE "Address" SET "HouseNumber" = NULL WHERE id = 1`, `UPDATE "Address" SET city = 'elsewhere' WHERE id = 1`)
	a.gives(`SELECT "Street", "StreetName", "HouseNumber" FROM "Address" WHERE id = 1`, "Street B|Street B|null")
}

func earlyUpdates(t *testing.T, d Database) {
	a := d.app(t)
	a.run(addresses...)
	c := Example(t, "address-street")
	must(t, "expand", d.Engine.Expand(t.Context(), c))
	a.run(`UPDATE "Address" SET city = 'x' WHERE id = 1`, `UPDATE "Address" SET "Street" = 'Low Road 9' WHERE id = 2`, `UPDATE "Address" SET "StreetName" = 'High Road' WHERE id = 4`)
	shapes := `SELECT "Street", "StreetName", "HouseNumber" FROM "Address" WHERE id IN (1, 2, 4) ORDER BY id`
	want := []string{"Street B 1a|Street B|1a", "Low Road 9|Low Road|9", "High Road 4a|High Road|4a"}
	a.gives(shapes, want...)
	d.fill(t, c)
	a.gives(shapes, want...)
}
