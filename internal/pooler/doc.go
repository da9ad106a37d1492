// Package pooler steers a PgBouncer during a release: it makes clients wait
// while the database is changed under them, sees that the server connections
// of a side that is gone have ended, and has the pools configured anew. It
// keeps to the bounds of its orders, and repeats none of its own accord. See
// docs/pools.md.
package pooler
