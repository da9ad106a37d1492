// Package route says what goes where: the proxy's table, the rules it must
// obey, which app answers a request, and which side a user belongs to. It is
// pure: no I/O, no clock, no randomness.
package route
