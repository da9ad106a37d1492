package postgres

import "syscall"

// attributes make a server run as owner and end together with the tests, even
// if these are killed.
func attributes(owner *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: owner, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
}
