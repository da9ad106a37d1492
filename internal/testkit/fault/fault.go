package fault

import "context"

// Fault is one way in which something breaks.
type Fault interface {
	// Name says what breaks, in a few words, the same for every strike.
	Name() string
	// Inject breaks it and returns how to mend it. Heal is to be called exactly
	// once, whatever has become of the victim meanwhile; it is never nil unless
	// err is not. An error means that nothing was broken.
	Inject(ctx context.Context) (heal func() error, err error)
}

// Find returns the process that a fault is to strike, as it is at that moment.
type Find func(ctx context.Context) (pid int, err error)

// nothing is how to mend what mends itself, or somebody else does.
func nothing() error { return nil }
