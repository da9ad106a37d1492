// Package guard reads what clients send before net/http does. It lets nothing
// through that another HTTP/1.1 reader might understand differently, keeps
// clients within limits of time and size, and has each breach answered with
// its own status, in its turn, by the handler that answers everything else.
package guard
