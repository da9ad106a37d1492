// Package sockets looks, in /proc, at the TCP connections that a front end's
// processes really have: what cannot be asked of the front itself is counted.
package sockets
