package cli

import (
	"context"
	"errors"
	"fmt"

	"cutover/internal/api"
	"cutover/internal/release"
)

// The exit codes, the same for every verb.
const (
	ExitDone    = 0 // done, or under way as asked
	ExitFailed  = 1 // failed, and taken back cleanly
	ExitUsage   = 2 // the request, a file or the state folder is at fault
	ExitWaiting = 3 // waiting or paused
	ExitHuman   = 4 // needs a human
)

// exitError carries the code that a command ends with. One with a nil error
// has said everything already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return &exitError{ExitUsage, fmt.Errorf(format, args...)}
}

func failed(format string, args ...any) error {
	return &exitError{ExitFailed, fmt.Errorf(format, args...)}
}

// silent ends with a code after the command has printed what there is to say.
func silent(code int) error {
	if code == ExitDone {
		return nil
	}
	return &exitError{code: code}
}

// codeOf returns the exit code an error stands for.
func codeOf(err error) int {
	var exit *exitError
	var answered *api.Error
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &answered) && answered.Kind != "failed":
		return ExitUsage
	case errors.Is(err, context.Canceled):
		return ExitWaiting
	}
	return ExitFailed
}

// codeFor returns the exit code that says how a release stands.
func codeFor(s release.State) int {
	switch {
	case s.Phase == release.RolledBack:
		return ExitFailed
	case s.Halt != nil && s.Halt.Kind == release.NeedsHuman: // also one that is done, after a restored journal
		return ExitHuman
	case s.Phase == release.Done:
		return ExitDone
	case s.Halt != nil || s.Phase == release.Waiting:
		return ExitWaiting
	}
	return ExitDone
}
