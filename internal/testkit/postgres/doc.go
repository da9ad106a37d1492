// Package postgres gives tests a real PostgreSQL of their own: a private
// server on a Unix socket and a loopback port, started from the programs
// installed on this machine, gone without a trace when the tests end.
//
// A package shares one server among its tests:
//
//	var pg postgres.Server
//
//	func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }
//
//	func TestSomething(t *testing.T) { conn := pg.Conn(t, pg.NewDatabase(t)) }
//
// A test that kills its server, or sets it up in its own way, calls New.
package postgres
