//go:build !linux

package postgres

import "syscall"

// attributes make a server run as owner. Only Linux ends it together with
// tests that are killed.
func attributes(owner *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: owner, Setpgid: true}
}
