// Package sqlite carries out changes of a schema on a SQLite database that
// several processes write to, without stopping any of them for longer than
// the limits of its Engine. See DESIGN.md beside this file.
package sqlite
