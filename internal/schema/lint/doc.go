// Package lint reads SQL migrations as PostgreSQL itself reads them and says
// what would hurt: users blocked by a lock, old code broken by the new shape,
// data lost, a migration left half done.
package lint
