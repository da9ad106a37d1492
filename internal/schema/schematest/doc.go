// Package schematest holds what every engine that changes schemas must do: the
// examples of examples/schema/changes, loaded from exactly these files, from
// expand to contract and back, and with old and new code writing at once.
package schematest
