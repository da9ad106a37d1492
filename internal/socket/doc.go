// Package socket listens on the Unix sockets of this program. Only the user
// that a process runs as, and root, get in; and a socket whose file was taken
// away or replaced makes itself anew, for nobody could steer the process again.
package socket
