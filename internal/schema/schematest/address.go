package schematest

import "testing"

// addresses are 900 streets, a third of them without a house number, with the
// index that must go first.
var addresses = []string{
	`CREATE TABLE "Address" (id integer PRIMARY KEY, "Street" text NOT NULL, city text)`,
	`CREATE INDEX address_street ON "Address" ("Street")`,
	`INSERT INTO "Address" (id, "Street", city) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
		SELECT i, 'Street ' || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', i % 26 + 1, 1) || CASE WHEN i % 3 = 0 THEN '' ELSE ' ' || i || 'a' END, 'c' FROM n`,
}

const (
	oldShape = `"Street"`
	newShape = `"StreetName" || coalesce(' ' || "HouseNumber", '')`
	tornRows = `SELECT count(*) FROM "Address" WHERE "Street" IS DISTINCT FROM "StreetName" || coalesce(' ' || "HouseNumber", '')`
)

func street(t *testing.T, d Database) {
	a := d.app(t)
	a.run(addresses...)
	before := d.Shape(t)
	c := Example(t, "address-street")
	must(t, "check", d.Engine.Check(t.Context(), c))
	d.isShaped(t, before)
	d.fill(t, c)
	a.gives(`SELECT count(*) FROM "Address" WHERE "HouseNumber" IS NULL`, "300")
	a.gives(tornRows, "0")
	d.revert(t, c, before)
	a.gives(`SELECT count(*), count(CASE WHEN "Street" LIKE 'Street _ %a' THEN 1 END) FROM "Address"`, "900|600")
	a.refuses(`INSERT INTO "Address" (id, city) VALUES (9000, 'nowhere')`)

	d.fill(t, c)
	a.refuses(`INSERT INTO "Address" (id, city) VALUES (9000, 'nowhere')`)
	a.refuses(`UPDATE "Address" SET "Street" = NULL WHERE id = 1`)
	a.refuses(`UPDATE "Address" SET "StreetName" = NULL WHERE id = 1`)
	a.run(`INSERT INTO "Address" (id, "Street") VALUES (9001, 'Low Road 7'), (9002, 'High Road')`,
		`INSERT INTO "Address" (id, "StreetName", "HouseNumber") VALUES (9003, 'New Road', '9b'), (9004, 'Bare Road', NULL)`,
		`UPDATE "Address" SET "HouseNumber" = '8' WHERE id = 9001`,
		`UPDATE "Address" SET "Street" = 'High Road 3' WHERE id = 9002`)
	a.gives(`SELECT "Street", "StreetName", "HouseNumber" FROM "Address" WHERE id > 9000 ORDER BY id`,
		"Low Road 8|Low Road|8", "High Road 3|High Road|3", "New Road 9b|New Road|9b", "Bare Road|Bare Road|null")
	d.contract(t, c)
	a.refuses(`SELECT "Street" FROM "Address"`)
	a.refuses(`INSERT INTO "Address" (id, city) VALUES (9005, 'nowhere')`)
	a.gives(`SELECT count(*) FROM "Address" WHERE "StreetName" IS NULL`, "0")
	a.gives(`SELECT "StreetName", "HouseNumber" FROM "Address" WHERE id IN (1, 3, 9003) ORDER BY id`, "Street B|1a", "Street D|null", "New Road|9b")
}
