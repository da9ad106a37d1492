package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
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
	var wanted record.Wanted
	var share float64
	var lasts time.Duration
	var megabytes, keep, kilobytes int
	cmd := &cobra.Command{
		Use:   "record APP FILE",
		Short: "Keep a sample of an app's requests, without their secrets",
		Long: "Writes GET and HEAD requests that the data plane gets, one a line, for `cutover replay`. Authorization, cookies\n" +
			"and whatever sounds or looks like a secret are masked before they leave the data plane. A full file becomes FILE.1.\n\n" +
			"With --methods others are kept too, with bodies that are JSON or forms: fields that sound like secrets are masked at any\n" +
			"depth, those of --mask-field as well. A body that cannot be taken apart is never kept; the request is left out and counted.",
		Args: exactly(2, "an app and a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if release.Percent(share) == release.None || megabytes < 1 {
				return usage("--share is a percentage above 0, and --max at least 1")
			}
			if err := wanting(&wanted, kilobytes); err != nil {
				return err
			}
			file, err := record.Create(args[1], int64(megabytes)<<20, keep)
			if err != nil {
				return &exitError{ExitUsage, err}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), lasts)
			defer cancel()
			count, left := 0, record.LeftOut{}
			of := admin.Recording{App: args[0], Share: release.Percent(share), Wanted: wanted, LeftOut: func(l record.LeftOut) { left = l }}
			err = admin.NewClient(proxy.SocketIn(s.layout().proxy())).Requests(ctx, of, func(r record.Request) error {
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
				s.print(map[string]any{"requests": count, "file": args[1], "left": left})
				return nil
			}
			fmt.Fprintf(s.out, "%d requests of %s in %s\n", count, args[0], args[1])
			if words := left.String(); words != "" {
				fmt.Fprintf(s.out, "left out: %s\n", words)
			}
			return nil
		},
	}
	cmd.Flags().Float64Var(&share, "share", 10, "the percentage of the requests that is kept")
	cmd.Flags().DurationVar(&lasts, "for", time.Minute, "how long")
	cmd.Flags().IntVar(&megabytes, "max", 64, "megabytes of one file")
	cmd.Flags().IntVar(&keep, "keep", 1, "full files that stay beside it")
	cmd.Flags().StringSliceVar(&wanted.Mask.Headers, "mask-header", nil, "further headers to mask")
	cmd.Flags().StringSliceVar(&wanted.Mask.Fields, "mask-field", nil, "further fields of bodies to mask, at any depth")
	cmd.Flags().StringSliceVar(&wanted.Methods, "methods", nil, "the methods that are kept, such as GET,POST (GET,HEAD if not given)")
	cmd.Flags().IntVar(&kilobytes, "max-body", 64, "kilobytes of one body at most, where --methods asks for requests that have one")
	cmd.Flags().StringSliceVar(&wanted.Mask.Query, "mask-query", nil, "further parameters to mask")
	return cmd
}

// wanting completes what is to be recorded, by what was asked for.
func wanting(w *record.Wanted, kilobytes int) error {
	if kilobytes < 1 || kilobytes<<10 > record.MaxBody {
		return usage("--max-body is 1 to %d (kilobytes), not %d", record.MaxBody>>10, kilobytes)
	}
	for i, m := range w.Methods {
		w.Methods[i] = strings.ToUpper(strings.TrimSpace(m))
		if !slices.Contains(recordable, w.Methods[i]) {
			return usage("--methods: %q is none of %s", m, strings.Join(recordable, ", "))
		}
		if m := w.Methods[i]; m != http.MethodGet && m != http.MethodHead {
			w.Body = kilobytes << 10
		}
	}
	return nil
}

// recordable are the methods whose requests can be kept and played.
var recordable = []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// newReplayCommand rehearses a version on recorded requests.
func newReplayCommand(s *session) *cobra.Command {
	var p record.Player
	var headers []string
	cmd := &cobra.Command{
		Use:   "replay FILE --old HOST:PORT --new HOST:PORT",
		Short: "Play recorded requests to two versions and say where their answers differ",
		Long: "Sends each request once to the new version and twice to the old one, so that noise is told from difference.\n" +
			"Both are instances for a rehearsal: an address where users are answered is refused; that of a side being brought in, or its\n" +
			"private address, is not. Requests that write are left out; --writes plays them, once to each version, and then refuses every\n" +
			"address of an app that is deployed here: both versions need a state of their own. Exits with 1 if they differ.",
		Args: exactly(1, "a file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if p.Old == "" || p.New == "" {
				return usage("name both versions: --old 127.0.0.1:8081 --new 127.0.0.1:8082")
			}
			var err error
			if p.Header, err = headersOf(headers); err != nil {
				return err
			}
			if err := s.rehearsable(cmd.Context(), p); err != nil {
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
			s.printOutcome(found)
			if len(found.Failing()) > 0 {
				return silent(ExitFailed)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&p.Old, "old", "", "host:port of the version that serves now")
	cmd.Flags().StringVar(&p.New, "new", "", "host:port of the version to try")
	cmd.Flags().BoolVar(&p.Writes, "writes", false, "play requests that may change something too, to versions with a state of their own")
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

// rehearsable says why nothing may be played to the versions, nil if it may.
func (s *session) rehearsable(ctx context.Context, p record.Player) error {
	for _, v := range []struct{ flag, addr string }{{"--old", p.Old}, {"--new", p.New}} {
		if err := s.notProduction(ctx, v.flag, v.addr, p.Writes); err != nil {
			return err
		}
	}
	if !p.Writes {
		return nil
	}
	same, err := sameAddress(ctx, p.Old, p.New)
	switch {
	case err != nil:
		return usage("--new %s: %w", p.New, err)
	case same:
		return usage("--old and --new are one address; what writes would be written twice there")
	}
	return nil
}

func (s *session) printOutcome(c record.Outcome) {
	if s.json {
		s.print(c)
		return
	}
	if c.LeftOut > 0 {
		fmt.Fprintf(s.out, "%d requests that write were left out; --writes plays them\n", c.LeftOut)
	}
	fmt.Fprintln(s.out, c.Comparison)
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
