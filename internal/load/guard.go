package load

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
)

// isLoopback reports whether a host can only be this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// IsLoopback reports whether a host, without port, can only be this machine:
// localhost, or a loopback address. Other names can change what they mean.
func IsLoopback(host string) bool { return isLoopback(host) }

func allowed(host string, allow []string) bool {
	return slices.ContainsFunc(allow, func(a string) bool { return strings.EqualFold(a, host) })
}

// foreignError says that a connection would have left this machine.
type foreignError struct{ address string }

func (e *foreignError) Error() string {
	return fmt.Sprintf("%s is not this machine, and its host is not allowed", e.address)
}

// stayHome lets a connection be made to this machine only, whatever a name
// was resolved to.
func stayHome(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !isLoopback(host) {
		return &foreignError{address}
	}
	return nil
}
