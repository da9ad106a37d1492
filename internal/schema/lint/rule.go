package lint

// Rule is one thing that hurts, and what to do instead.
type Rule struct {
	// ID is stable: acceptances name it. Rules that squawk has too bear its
	// name.
	ID       string
	Severity Severity
	// Reason says what happens; SafeWay what to write instead.
	Reason, SafeWay string
	// Bad is a script in which the rule finds something, Good one that gets
	// there without; both are tested.
	Bad, Good string
	// Facts make the rule see what the text does not show; Bad needs them.
	Facts Facts
	// small is the severity for a table known to be small; 0 if the harm does
	// not grow with the table.
	small Severity
	check func(s *statement) []hit
}

// hit is a place where a rule found something.
type hit struct {
	// at is a byte of the whole text, negative for the statement's begin.
	at int
	// what names the thing, such as a table with its column.
	what string
	// table is the one that suffers, for its size; nil if none.
	table *rangeVar
}

// Rules returns all rules in the order of their documentation.
func Rules() []Rule { return append([]Rule{unreadable}, rules...) }

var unreadable = Rule{
	ID: "unreadable", Severity: Danger,
	Reason:  "PostgreSQL could not read this either, so nothing in the file was judged",
	SafeWay: "mend the syntax; leave out psql's own commands such as \\i and \\copy, and variables still to be filled in",
	Bad:     "ALTER TABEL users ADD COLUMN email text;",
	Good:    "ALTER TABLE users ADD COLUMN email text;",
}

// rules are those that look at statements. The files they come from are those
// of what they look at.
var rules = concat(columnRules, defaultRules, constraintRules, indexRules, tableRules, typeRules, transactionRules, dataRules)

func concat(groups ...[]Rule) []Rule {
	var all []Rule
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}
