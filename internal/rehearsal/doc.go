// Package rehearsal runs a change of a database on a clone of it, records what
// the change does there, and proves as far as that goes that the code of the
// version that still serves fits the result.
package rehearsal
