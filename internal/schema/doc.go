// Package schema says what a change of a database's shape is: operations in
// pgroll's vocabulary, what each does in every stage, and which columns it
// keeps in step while old and new code run side by side. It is pure; the
// engines below it carry changes out. See DESIGN.md beside this file.
package schema
