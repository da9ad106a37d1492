package cli

import (
	"io"
	"os"
)

// colour is an ANSI code. Colour is never the only sign: the word says it too.
type colour string

const (
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
	blue   colour = "34"
	bold   colour = "1"
	dim    colour = "2"
)

// paint colours text for a person at a terminal and leaves it alone elsewhere.
func (s *session) paint(w io.Writer, c colour, text string) string {
	if os.Getenv("NO_COLOR") != "" || !onTerminal(w) || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}
