// Package postgres carries out changes of a schema on PostgreSQL 14 and later
// without stopping anyone. See DESIGN.md in the folder above for what it
// promises.
package postgres
