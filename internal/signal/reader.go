package signal

import "context"

// Reader reads the signals of one kind of source. Package signaltest has what
// every reader must pass.
type Reader interface {
	// Read asks for the signal now and returns before long after ctx has
	// ended. A shared signal gets one reading of side Shared, others at least
	// one for each party that is here. What could not be read is a reading
	// with the reason, never an error and never 0; no reason holds a secret.
	// Read changes nothing and may be called from several goroutines, for
	// different signals at once.
	Read(ctx context.Context, s Signal, of Subject) []Reading
	// Check says what is wrong with the query of a signal, without asking
	// anybody; nil for nothing.
	Check(s Signal) error
	// Close gives back what it holds. A Read after it is all missing.
	Close() error
}
