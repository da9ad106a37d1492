package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Version is what `cutover version` prints; the build sets it.
var Version = "dev"

// Main runs the command line and returns the exit code. It is all of main().
func Main(args []string, in io.Reader, out, errs io.Writer) int {
	beginPrivate(args)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &session{in: in, out: out, errs: errs}
	root := newRootCommand(s)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitDone
	}
	var exit *exitError
	if !errors.As(err, &exit) && isUsage(err) {
		err = usage("%s; see `cutover --help`", oneLine(err.Error()))
	}
	if !errors.As(err, &exit) || exit.err != nil {
		s.json = s.json || wantsJSON(args)
		s.complain(err)
	}
	return codeOf(err)
}

// wantsJSON finds the wish for JSON in arguments that could not be parsed.
func wantsJSON(args []string) bool {
	for i, arg := range args {
		switch arg {
		case "-ojson", "-o=json", "--output=json":
			return true
		case "-o", "--output":
			return i+1 < len(args) && args[i+1] == "json"
		}
	}
	return false
}

// oneLine brings the flag parser's suggestions onto the line of the complaint.
func oneLine(text string) string {
	text, suggestions, found := strings.Cut(text, "\n\nDid you mean this?\n")
	if !found {
		return text
	}
	return text + "; did you mean " + strings.Join(strings.Fields(suggestions), ", ") + "?"
}

// isUsage recognises what the flag parser complains of, which has no type.
func isUsage(err error) bool {
	for _, start := range []string{"unknown command", "unknown flag", "unknown shorthand", "flag needs an argument", "invalid argument",
		"accepts ", "requires ", "required flag", "if any flags in the group"} {
		if strings.HasPrefix(err.Error(), start) {
			return true
		}
	}
	return false
}

// complain prints an error: as JSON where that was asked for.
func (s *session) complain(err error) {
	if s.json {
		s.print(map[string]any{"error": err.Error(), "code": codeOf(err)})
		return
	}
	fmt.Fprintf(s.errs, "%s %s\n", s.paint(s.errs, red, "cutover:"), err)
}
