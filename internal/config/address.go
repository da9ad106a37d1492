package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// checkAddress reports a text that is not host:port.
func checkAddress(addr, path string, tell report) {
	if addr == "" {
		return
	}
	cure := `write host:port, such as "127.0.0.1:8080"`
	if _, err := strconv.Atoi(addr); err == nil {
		cure = fmt.Sprintf(`write "127.0.0.1:%s", or ":%s" for every network`, addr, addr)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		tell(path, fmt.Sprintf("%q is not host:port", addr), cure)
		return
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		tell(path, fmt.Sprintf("the port %q is not between 1 and 65535", port), cure)
		return
	}
	if strings.ContainsAny(host, " /") {
		tell(path, fmt.Sprintf("%q is not a host", host), cure)
	}
}

// isLoopback reports whether only this machine can reach the address.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// isEverywhere reports whether the address listens on every network.
func isEverywhere(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "" || ip != nil && ip.IsUnspecified())
}
