package native

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"cutover/internal/environ"
)

const (
	// held is how much of the output is held while it runs. It is more than
	// is shown, so that no secret is cut in two where the shown part begins.
	held = 64 << 10
	// shown is how much of it is shown.
	shown = 8 << 10
)

// output holds the end of what a program writes, and the beginning of its
// standard output.
type output struct {
	mu    sync.Mutex
	end   bytes.Buffer
	begin bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.end.Write(p)
	if extra := o.end.Len() - held; extra > 0 {
		o.end.Next(extra)
	}
	return len(p), nil
}

// stdout returns the writer for the standard output.
func (o *output) stdout() io.Writer { return standard{o} }

// first returns the beginning of the standard output.
func (o *output) first() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.begin.String()
}

// tail returns the end of everything, without secrets, as valid text.
func (o *output) tail(secrets []string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := environ.Mask(o.end.String(), secrets...)
	if len(text) > shown {
		text = text[len(text)-shown:]
		// Begin with a whole line, if there is one.
		if _, rest, found := strings.Cut(text, "\n"); found && rest != "" {
			text = rest
		}
	}
	return strings.TrimSpace(strings.ToValidUTF8(text, "?"))
}

// standard is the standard output of a program.
type standard struct{ all *output }

// Write implements io.Writer.
func (s standard) Write(p []byte) (int, error) {
	s.all.mu.Lock()
	room := max(held-s.all.begin.Len(), 0)
	s.all.begin.Write(p[:min(len(p), room)])
	s.all.mu.Unlock()
	return s.all.Write(p)
}
