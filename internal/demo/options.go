package demo

import (
	"context"
	"io"

	"cutover/internal/release"
)

// Options say how the demo runs.
type Options struct {
	// Executable is this program; its `serve` is the control plane and its
	// `demo shop` the sample app.
	Executable string
	// Dir is an empty private folder for everything the demo keeps.
	Dir string
	// Out gets the story, a line at a time; nil means silence.
	Out io.Writer
	// Rate is how many requests the users send each second.
	Rate float64
	// Front reads the data plane's ledger.
	Front func(ctx context.Context, app string) (release.Traffic, error)
	// Down ends everything the demo has started.
	Down func(ctx context.Context) error
	// Hold keeps everything running at the end until ctx does.
	Hold bool
}

func (o Options) rate() float64 {
	if o.Rate > 0 {
		return o.Rate
	}
	return 300
}
