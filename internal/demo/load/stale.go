package load

import (
	"errors"
	"net"
	"syscall"
)

// stale reports whether the other side has closed an idle connection, or
// sent something nobody asked for. Browsers look too before they send on a
// connection; without that look each orderly end would be a lost request.
func stale(conn net.Conn) bool {
	raw, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return true
	}
	var quiet bool
	err = control.Control(func(fd uintptr) {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = errors.Is(err, syscall.EAGAIN)
	})
	return err != nil || !quiet
}
