package schematest

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// writer thinks up what one program writes next.
type writer struct {
	number int
	isNew  bool
	random *rand.Rand
	said   int
	// mine are the rows only this writer writes to.
	mine []int
}

// statement is what a writer does, and the address its row then has: "" for
// none. A statement on a row that is not the writer's has no row.
type statement struct {
	sql     string
	args    []any
	row     int
	whole   string
	inserts bool
}

const everybodys = 200

// next returns an insert, an update of either kind, or a delete.
func (w *writer) next() statement {
	w.said++
	street, number := fmt.Sprintf("Way of %d", w.number), any(fmt.Sprint(w.said))
	whole := fmt.Sprintf("%s %v", street, number)
	if w.random.IntN(4) == 0 {
		street = fmt.Sprintf("Way of %d, part x%x", w.number, w.random.Int64())
		number, whole = nil, street
	}
	act := w.random.IntN(10)
	if act < 3 || len(w.mine) == 0 {
		row := 1_000_000*(w.number+1) + w.said
		if w.isNew {
			return statement{`INSERT INTO "Address" (id, "StreetName", "HouseNumber", city) VALUES ($1, $2, $3, 'n')`, []any{row, street, number}, row, whole, true}
		}
		return statement{`INSERT INTO "Address" (id, "Street", city) VALUES ($1, $2, 'o')`, []any{row, whole}, row, whole, true}
	}
	row := w.mine[w.random.IntN(len(w.mine))]
	shared := 1 + w.random.IntN(everybodys)
	switch {
	case act == 3:
		return statement{sql: `DELETE FROM "Address" WHERE id = $1`, args: []any{row}, row: row}
	case act == 4 && w.isNew:
		return statement{sql: `UPDATE "Address" SET "StreetName" = $2 WHERE id = $1`, args: []any{shared, street}}
	case act == 4:
		return statement{sql: `UPDATE "Address" SET "Street" = $2 WHERE id = $1`, args: []any{shared, whole}}
	case act == 5: // a column of neither shape
		return statement{sql: `UPDATE "Address" SET city = city || 'x' WHERE id = $1`, args: []any{shared}}
	case act == 6 && w.isNew: // both shapes at once: the new one wins
		return statement{`UPDATE "Address" SET "Street" = 'ignored 1', "StreetName" = $2, "HouseNumber" = $3 WHERE id = $1`, []any{row, street, number}, row, whole, false}
	case w.isNew: // all columns, as an object mapper does
		return statement{`UPDATE "Address" SET id = $1, "StreetName" = $2, "HouseNumber" = $3, city = 'n' WHERE id = $1`, []any{row, street, number}, row, whole, false}
	}
	return statement{`UPDATE "Address" SET id = $1, "Street" = $2, city = 'o' WHERE id = $1`, []any{row, whole}, row, whole, false}
}

// done takes note of a statement that succeeded.
func (w *writer) done(s statement) {
	switch {
	case s.inserts:
		w.mine = append(w.mine, s.row)
	case s.row != 0 && s.whole == "":
		w.mine = slices.DeleteFunc(w.mine, func(row int) bool { return row == s.row })
	}
}
