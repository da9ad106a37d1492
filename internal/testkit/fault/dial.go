package fault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"cutover/internal/durable"
)

// Dial is a file that a program under test looks at, because a hook for the
// test was built into it. It is not there as long as all is well. What it says
// is up to who reads it: see Clock, Drag and Mood.
type Dial struct {
	// Path is the file; its folder must exist.
	Path string
	// Setting is what the file says while the fault lasts.
	Setting string
	// Means is what that does, for people.
	Means string
}

var _ Fault = Dial{}

// Name implements Fault.
func (d Dial) Name() string { return d.Means }

// Inject implements Fault. The setting appears whole or not at all.
func (d Dial) Inject(context.Context) (func() error, error) {
	if err := durable.WriteFile(d.Path, []byte(d.Setting), 0o600); err != nil {
		return nil, fmt.Errorf("set the dial of %q: %w", d.Means, err)
	}
	return func() error {
		if err := os.Remove(d.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("set the dial of %q back: %w", d.Means, err)
		}
		return nil
	}, nil
}

// ReadDial returns what a dial says, "" while all is well.
func ReadDial(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// readSpan returns the duration that a dial says, 0 while all is well.
func readSpan(path string) time.Duration {
	span, err := time.ParseDuration(ReadDial(path))
	if err != nil {
		return 0
	}
	return span
}
