package socket

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Peer returns the process at the other end of a connection, as the kernel
// knows it from the moment it connected.
func Peer(c *net.UnixConn) (*unix.Ucred, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("ask who calls: %w", err)
	}
	var peer *unix.Ucred
	var inner error
	err = raw.Control(func(fd uintptr) { peer, inner = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err == nil {
		err = inner
	}
	if err != nil {
		return nil, fmt.Errorf("ask who calls: %w", err)
	}
	return peer, nil
}

// welcome returns an error unless the caller is this user or root. The file's
// mode says the same; this holds when somebody has changed it.
func welcome(c *net.UnixConn) error {
	peer, err := Peer(c)
	if err != nil {
		return err
	}
	if peer.Uid != 0 && int(peer.Uid) != os.Geteuid() {
		return fmt.Errorf("process %d belongs to uid %d: only uid %d and root may call", peer.Pid, peer.Uid, os.Geteuid())
	}
	return nil
}
