package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/release"
	"cutover/internal/shadow"
	"cutover/internal/shadow/record"

	"github.com/spf13/cobra"
)

// newRecordCommand keeps requests for rehearsals.
func newRecordCommand(s *session) *cobra.Command {
	var mask record.Mask
	var share float64
	var lasts time.Duration
	var megabytes, keep int
	cmd := &cobra.Command{
		Use:   "record APP FILE",
		Short: "Keep a sample of an app's requests, without their secrets",
		Long: "Writes GET and HEAD requests that the data plane gets, one a line, for `cutover replay`. Authorization, cookies\n" +
			"and whatever sounds like a secret are masked before they leave the data plane. A full file becomes FILE.1.",
		Args: exactly(2, "an app and a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if release.Percent(share) == release.None || megabytes < 1 {
				return usage("--share is a percentage above 0, and --max at least 1")
			}
			file, err := record.Create(args[1], int64(megabytes)<<20, keep)
			if err != nil {
				return &exitError{ExitUsage, err}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), lasts)
			defer cancel()
			count := 0
			err = admin.NewClient(proxy.SocketIn(s.layout().proxy())).Requests(ctx, admin.Recording{App: args[0], Share: release.Percent(share), Mask: mask},
				func(r record.Request) error {
					count++
					return file.Write(r)
				})
			if ctx.Err() != nil {
				err = nil // it was long enough, or somebody ended it
			}
			if err := errors.Join(err, file.Close()); err != nil {
				return &exitError{ExitFailed, err}
			}
			if s.json {
				s.print(map[string]any{"requests": count, "file": args[1]})
			} else {
				fmt.Fprintf(s.out, "%d requests of %s in %s\n", count, args[0], args[1])
			}
			return nil
		},
	}
	cmd.Flags().Float64Var(&share, "share", 10, "the percentage of the requests that is kept")
	cmd.Flags().DurationVar(&lasts, "for", time.Minute, "how long")
	cmd.Flags().IntVar(&megabytes, "max", 64, "megabytes of one file")
	cmd.Flags().IntVar(&keep, "keep", 1, "full files that stay beside it")
	cmd.Flags().StringSliceVar(&mask.Headers, "mask-header", nil, "further headers to mask")
	cmd.Flags().StringSliceVar(&mask.Query, "mask-query", nil, "further parameters to mask")
	return cmd
}

// newReplayCommand rehearses a version on recorded requests.
func newReplayCommand(s *session) *cobra.Command {
	var p record.Player
	var headers []string
	cmd := &cobra.Command{
		Use:   "replay FILE --old HOST:PORT --new HOST:PORT",
		Short: "Play recorded requests to two versions and say where their answers differ",
		Long: "Sends each request once to the new version and twice to the old one, so that noise is told from difference.\n" +
			"Both should be instances for a rehearsal, not the ones that serve. Exits with 1 if they differ.",
		Args: exactly(1, "a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if p.Old == "" || p.New == "" {
				return usage("name both versions: --old 127.0.0.1:8081 --new 127.0.0.1:8082")
			}
			var err error
			if p.Header, err = headersOf(headers); err != nil {
				return err
			}
			file, err := os.Open(args[0])
			if err != nil {
				return &exitError{ExitUsage, fmt.Errorf("open the recording: %w", err)}
			}
			defer file.Close()
			found, err := p.Play(cmd.Context(), file)
			if err != nil {
				return &exitError{ExitFailed, err}
			}
			s.printComparison(found)
			if len(found.Failing()) > 0 {
				return silent(ExitFailed)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&p.Old, "old", "", "host:port of the version that serves now")
	cmd.Flags().StringVar(&p.New, "new", "", "host:port of the version to try")
	cmd.Flags().Float64Var(&p.Rate, "rate", 20, "requests a second")
	cmd.Flags().StringSliceVar(&p.Settings.Ignore, "ignore", nil, "differences that do not count, such as $.host")
	cmd.Flags().StringSliceVar(&p.Settings.Headers, "compare-header", shadow.Headers, "headers that are compared")
	cmd.Flags().StringArrayVar(&headers, "header", nil, "NAME=env:VARIABLE, a header to send in place of a masked one")
	return cmd
}

// headersOf reads headers whose values stand in the environment, so that no
// secret stands on the command line.
func headersOf(list []string) (http.Header, error) {
	out := http.Header{}
	for _, text := range list {
		name, value, ok := strings.Cut(text, "=env:")
		secret, set := os.LookupEnv(value)
		switch {
		case !ok || name == "":
			return nil, usage("--header %q is not NAME=env:VARIABLE", text)
		case !set:
			return nil, usage("--header %s: the variable %s is not set", name, value)
		}
		out.Set(name, secret)
	}
	return out, nil
}

func (s *session) printComparison(c release.Comparison) {
	if s.json {
		s.print(c)
		return
	}
	fmt.Fprintln(s.out, c)
	for _, d := range c.Differences {
		mark := "      "
		switch {
		case d.Alarm && d.Advisory:
			mark = "note  "
		case d.Alarm:
			mark = "differs"
		}
		fmt.Fprintf(s.out, "  %-8s %s\n", mark, d)
	}
}

// exactly refuses any other number of arguments.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%s takes %s, but got %d arguments", cmd.CommandPath(), what, len(args))
		}
		return nil
	}
}
