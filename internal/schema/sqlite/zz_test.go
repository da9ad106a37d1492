package sqlite_test
import ("testing";"time";"cutover/internal/schema";"cutover/internal/schema/schematest";"fmt")
func TestZZ(t *testing.T){
 h := database(t, `CREATE TABLE "Address" (id integer PRIMARY KEY, "Street" text NOT NULL, city text)`,
	`CREATE INDEX address_street ON "Address" ("Street")`,
	`INSERT INTO "Address" (id, "Street", city) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
		SELECT i, 'Street ' || substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ', i % 26 + 1, 1) || CASE WHEN i % 3 = 0 THEN '' ELSE ' ' || i || 'a' END, 'c' FROM n`)
 c:=schematest.Example(t,"address-street")
 h.Batch=20*time.Millisecond
 last:=time.Now()
 h.Before(func(s string){ d:=time.Since(last); last=time.Now(); if len(s)>100 {s=s[:100]}; if d>5*time.Millisecond {fmt.Println(d, "BEFORE", s)} })
 must(t,"e",h.Expand(t.Context(),c))
 n:=0
 must(t,"b",h.Backfill(t.Context(),c,schema.Position{},func(p schema.Progress)error{n++; return nil}))
 fmt.Println(n)
}
