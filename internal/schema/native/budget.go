package native

import (
	"fmt"
	"time"
)

// Budget bounds what a migration may cost the users.
type Budget struct {
	// LockTimeout is how long a statement may wait for a lock, and with it
	// the users who queue behind it. It must be given.
	LockTimeout time.Duration
	// StatementTimeout is how long one statement may take; 0 is the Timeout.
	StatementTimeout time.Duration
	// Timeout is how long the whole command may take. It must be given.
	Timeout time.Duration
	// ClientCheck is how often the server looks, in the middle of a
	// statement, whether the program is still there, so that what was killed
	// holds no lock any longer; 0 never. It needs PostgreSQL 14 on Linux.
	ClientCheck time.Duration
}

func (b Budget) check() error {
	switch {
	case b.LockTimeout < time.Millisecond:
		return fmt.Errorf("a lock timeout of %s is no limit: give it a millisecond or more", b.LockTimeout)
	case b.Timeout < time.Millisecond:
		return fmt.Errorf("a timeout of %s is no limit: give it a millisecond or more", b.Timeout)
	case b.StatementTimeout < 0 || b.StatementTimeout > 0 && b.StatementTimeout < time.Millisecond:
		return fmt.Errorf("a statement timeout of %s is no limit: give it a millisecond or more, or none", b.StatementTimeout)
	case b.ClientCheck < 0 || b.ClientCheck > 0 && b.ClientCheck < time.Millisecond:
		return fmt.Errorf("looking for the client every %s is not possible: give it a millisecond or more, or none", b.ClientCheck)
	}
	return nil
}

func (b Budget) statement() time.Duration {
	if b.StatementTimeout == 0 {
		return b.Timeout
	}
	return b.StatementTimeout
}

// SessionName is the application_name of a migration's sessions, for libpq and
// what is built on it, unless the migration gives itself another one.
const SessionName = "cutover migration"

// variables returns the budget as libpq and what is built on it read it,
// after the options the command has of its own, and in plain for programs
// that do not read PGOPTIONS.
func (b Budget) variables(options string) []string {
	lock, statement := b.LockTimeout.Milliseconds(), b.statement().Milliseconds()
	options += fmt.Sprintf("-c lock_timeout=%d -c statement_timeout=%d", lock, statement)
	if b.ClientCheck > 0 {
		options += fmt.Sprintf(" -c client_connection_check_interval=%d", b.ClientCheck.Milliseconds())
	}
	return []string{
		"PGOPTIONS=" + options,
		"PGAPPNAME=" + SessionName,
		fmt.Sprintf("CUTOVER_LOCK_TIMEOUT_MS=%d", lock),
		fmt.Sprintf("CUTOVER_STATEMENT_TIMEOUT_MS=%d", statement),
	}
}
