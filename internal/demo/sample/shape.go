package sample

// shape is what a version knows of the table of addresses. A statement gets
// the id first; queries give an id and two columns.
type shape struct {
	// create makes the table where there is none yet.
	create []string
	// probe reads nothing and fails where the table does not fit.
	probe                string
	insert, update, read string
	latest               string
	// values are what is written of a line.
	values func(line string) []any
	// address makes sense of what was read; the second column may be nil.
	address func(id, first string, second *string) Address
}

// shapeOf returns what a version knows. All but the first know only the parts.
func shapeOf(version string) shape {
	if version == "v1" {
		return wholeStreet
	}
	return streetInParts
}

var wholeStreet = shape{
	create: []string{
		"CREATE TABLE address (id TEXT PRIMARY KEY, street TEXT NOT NULL)",
		"CREATE INDEX address_street ON address (street)",
	},
	probe:  "SELECT id, street FROM address LIMIT 0",
	insert: "INSERT INTO address (id, street) VALUES (?, ?)",
	update: "UPDATE address SET street = ?2 WHERE id = ?1",
	read:   "SELECT id, street, NULL FROM address WHERE id = ?",
	latest: "SELECT id, street, NULL FROM address ORDER BY rowid DESC LIMIT ?",
	values: func(line string) []any { return []any{line} },
	address: func(id, street string, _ *string) Address {
		return Address{ID: id, Line: street, Street: street}
	},
}

var streetInParts = shape{
	create: []string{
		"CREATE TABLE address (id TEXT PRIMARY KEY, street_name TEXT NOT NULL, house_number TEXT)",
		"CREATE INDEX address_street_name ON address (street_name)",
	},
	probe:  "SELECT id, street_name, house_number FROM address LIMIT 0",
	insert: "INSERT INTO address (id, street_name, house_number) VALUES (?, ?, ?)",
	update: "UPDATE address SET street_name = ?2, house_number = ?3 WHERE id = ?1",
	read:   "SELECT id, street_name, house_number FROM address WHERE id = ?",
	latest: "SELECT id, street_name, house_number FROM address ORDER BY rowid DESC LIMIT ?",
	values: func(line string) []any {
		name, number := parts(line)
		if number == "" {
			return []any{name, nil}
		}
		return []any{name, number}
	},
	address: func(id, name string, number *string) Address {
		a := Address{ID: id, Line: name, StreetName: name}
		if number != nil {
			a.Line, a.HouseNumber = name+" "+*number, *number
		}
		return a
	},
}
