package sqlite

import (
	"slices"
	"testing"
)

const awkward = `CREATE TABLE "a (b" -- a table, (
 (id INTEGER PRIMARY KEY, [odd, name] TEXT DEFAULT 'it''s, (' COLLATE NOCASE, /* c, */ "q""q" NUMERIC(10, 2) CHECK ("q""q" > 0),
 last TEXT NOT NULL -- , the end
, CONSTRAINT "one, two" UNIQUE (id, last)) STRICT`

func TestATablesTextIsCutWhereItsColumnsBeginAndComesTogetherAgain(t *testing.T) {
	t.Parallel()
	d := define(awkward)
	if d.String() != awkward {
		t.Errorf("put together again it is %q", d)
	}
	if len(d.elements) != 5 || d.tail != ") STRICT" {
		t.Fatalf("%d elements, the end is %q: %q", len(d.elements), d.tail, d.elements)
	}
	for i, name := range []string{"id", "odd, name", `q"q`, "LAST"} {
		if at := d.column(name); at != i {
			t.Errorf("the column %s is at %d, want %d", name, at, i)
		}
	}
	if d.column("nothere") != -1 {
		t.Error("found a column that is not there")
	}
}

func TestOnlyWordsOutsideOfParenthesesAreAColumnsOwn(t *testing.T) {
	t.Parallel()
	e := define(awkward).elements
	if !has(e[2], "CHECK") || has(e[1], "CHECK") || has(e[3], "CHECK") || !has(e[3], "not", "null") || has(e[2], "check", "null") {
		t.Errorf("read %q", e)
	}
	if got := after(e[1], "collate"); got != "NOCASE" {
		t.Errorf("the collation is %q", got)
	}
	if got := wordsOf("x INT DEFAULT (1 + y) -- z"); !slices.Equal(got, []string{"x", "INT", "DEFAULT"}) {
		t.Errorf("words are %q", got)
	}
	if !(table{def: define(awkward)}).constraint("ONE, two") || (table{def: define(awkward)}).constraint("last") {
		t.Error("constraints are not told apart")
	}
}

func FuzzATablesTextComesTogetherAgain(f *testing.F) {
	f.Add(awkward)
	f.Add("CREATE TABLE t(a,b)")
	f.Add(`"'[/*--`)
	f.Fuzz(func(t *testing.T, text string) {
		d := define(text)
		if d.head == "" || d.tail == "" {
			return // no table
		}
		if d.String() != text {
			t.Errorf("%q became %q", text, d)
		}
	})
}

func TestAPlainDefaultStaysPlain(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"30": "30", "-1.5": "-1.5", "'a b'": "'a b'", "true": "true", "CURRENT_TIMESTAMP": "CURRENT_TIMESTAMP", "1 + 1": "(1 + 1\n)", "lower('A')": "(lower('A')\n)"} {
		if got := defaultText(value); got != want {
			t.Errorf("%s became %s, want %s", value, got, want)
		}
	}
}
