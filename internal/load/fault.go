package load

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
)

// Fault is the way a request went wrong.
type Fault string

const (
	// ConnectFault: no connection came about.
	ConnectFault Fault = "connect"
	// TimeoutFault: the answer was not complete in time.
	TimeoutFault Fault = "timeout"
	// BrokenFault: the connection broke, or what came was not HTTP.
	BrokenFault Fault = "broken"
	// StatusFault: a complete answer, with a status that is not accepted.
	StatusFault Fault = "status"
	// ExpectationFault: a complete answer with a good status that is not as
	// expected, or has not what is to be captured.
	ExpectationFault Fault = "expectation"
	// LocalFault: this machine could not send it, for want of ports, open files or
	// a variable's value. It says nothing of the target.
	LocalFault Fault = "local"
)

// answered reports whether the request had a complete answer, and so a
// latency.
func (f Fault) answered() bool { return f == "" || f == StatusFault || f == ExpectationFault }

// faultOf says in what way no answer came.
func faultOf(err error) Fault {
	var foreign *foreignError
	var missing *missingError
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &foreign), errors.As(err, &missing), isLocal(err):
		return LocalFault
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return TimeoutFault
	case errors.As(err, &dns), errors.As(err, &op) && op.Op == "dial":
		return ConnectFault
	}
	return BrokenFault
}

// isLocal reports whether this machine is at its own limits.
func isLocal(err error) bool {
	for _, limit := range []error{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, limit) {
			return true
		}
	}
	return false
}

// because is what went wrong, in the fewest words, without addresses.
func because(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
