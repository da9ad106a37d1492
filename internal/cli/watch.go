package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"cutover/internal/api"

	"golang.org/x/term"
)

// refresh is how often the live view is drawn anew.
const refresh = 300 * time.Millisecond

// watch draws a release over and over on a terminal. With untilSettled it ends
// when the release does, stands by or needs somebody; else with ctx.
func (s *session) watch(ctx context.Context, c *api.Client, name string, untilSettled bool) error {
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	drawn := 0
	for {
		v, err := c.View(ctx, name)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		done := untilSettled && settled(v.State)
		drawn = s.redraw(v, drawn, done)
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// drawing collects text that is meant for a terminal.
type drawing struct {
	strings.Builder
	terminal io.Writer
}

// redraw replaces the last drawing, or removes it, and returns its height.
func (s *session) redraw(v api.View, last int, remove bool) int {
	if last > 0 {
		fmt.Fprintf(s.out, "\x1b[%dA\x1b[J", last)
	}
	if remove {
		return 0
	}
	d := &drawing{terminal: s.out}
	s.writeSummary(d, v)
	fmt.Fprintf(d, "  %s\n", s.paint(d, dim, "Ctrl-C leaves this view; the release goes on"))
	lines := strings.SplitAfter(d.String(), "\n")
	width := terminalWidth(s.out)
	for i, l := range lines {
		lines[i] = cut(l, width)
	}
	io.WriteString(s.out, strings.Join(lines, ""))
	return len(lines) - 1
}

// terminalWidth returns the columns of the terminal, 80 if they are not known.
func terminalWidth(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if cols, _, err := term.GetSize(int(f.Fd())); err == nil && cols > 0 {
			return cols
		}
	}
	return 80
}

// cut shortens a line to the width, or it would wrap and spoil the redrawing.
func cut(line string, width int) string {
	text, newline := strings.CutSuffix(line, "\n")
	if visible(text) > width {
		var b strings.Builder
		n, escaped := 0, false
		for _, r := range text {
			if r == '\x1b' {
				escaped = true
			} else if !escaped {
				n++
			}
			if escaped || n < width {
				b.WriteRune(r)
			}
			if escaped && r == 'm' {
				escaped = false
			}
		}
		text = b.String() + "…"
	}
	if newline {
		text += "\n"
	}
	return text
}
