package condition

import "fmt"

// Mistake is what is wrong with an expression, and where.
type Mistake struct {
	// Line and Column count from 1, columns in characters.
	Line, Column int
	Reason, Cure string
}

// Error writes the place, the reason and the cure.
func (m *Mistake) Error() string {
	return fmt.Sprintf("line %d, column %d: %s; %s", m.Line, m.Column, m.Reason, m.Cure)
}
