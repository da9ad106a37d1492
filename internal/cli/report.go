package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cutover/internal/durable"
	"cutover/internal/engine"
	"cutover/internal/release"
	"cutover/internal/report"
	"cutover/internal/store"
	"cutover/internal/store/sqlite"

	"github.com/spf13/cobra"
)

// newReportCommand tells the whole of a release out of the journal alone.
func newReportCommand(s *session) *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use:   "report APP|RELEASE",
		Short: "The whole evidence of a release: what happened, why, and what was measured",
		Long: "Tells who released what and when, how it ended and why, with every phase, the split as it was observed, the verdict's evidence,\n" +
			"checks, compared answers, the schema, the ledger and what people asked for: out of the journal alone, which it checks on\n" +
			"the way. No controller has to run. Of an app it tells the last release; one under way is told so far.\n\n" +
			"  cutover report shop                             on the terminal, with charts\n" +
			"  cutover report shop --out report.html           one file that needs nothing else\n" +
			"  cutover report shop --format markdown           for a ticket",
		Args:              exactly(1, "an app or a release"),
		ValidArgsFunction: s.completeReleases,
		RunE: func(cmd *cobra.Command, args []string) error {
			form, err := s.reportForm(format, out)
			if err != nil {
				return err
			}
			r, err := s.gatherReport(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return s.writeReport(r, form, out)
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "text, markdown, html or json; by the ending of --out if not given, else text")
	cmd.Flags().StringVar(&out, "out", "", "write it to this file, for its owner only, instead of the terminal")
	return cmd
}

// The forms of a report, and the endings of files that have them.
var (
	reportForms   = []string{"text", "markdown", "html", "json"}
	reportEndings = map[string]string{".txt": "text", ".md": "markdown", ".html": "html", ".htm": "html", ".json": "json"}
)

// reportForm says in which form a report is wanted.
func (s *session) reportForm(format, out string) (string, error) {
	switch {
	case format != "" && !slices.Contains(reportForms, format):
		return "", usage("--format is %s, not %q", strings.Join(reportForms, ", "), format)
	case s.json && format != "" && format != "json":
		return "", usage("-o json and --format %s ask for two forms; leave one out", format)
	case s.json:
		return "json", nil
	case format == "" && out != "":
		form, known := reportEndings[strings.ToLower(filepath.Ext(out))]
		if !known {
			return "", usage("--out %s does not say in which form; add --format text, markdown, html or json", out)
		}
		return form, nil
	case format == "":
		return "text", nil
	}
	return format, nil
}

// gatherReport reads a release from the journal, without a controller.
func (s *session) gatherReport(ctx context.Context, name string) (report.Report, error) {
	path := s.layout().journal()
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return report.Report{}, usage("there is no journal at %s yet; --state names another folder", path)
	}
	j, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true})
	if err != nil {
		return report.Report{}, &exitError{ExitUsage, err}
	}
	defer j.Close()
	records, err := releaseRecords(ctx, j, name)
	if err != nil {
		return report.Report{}, err
	}
	entries := make([]release.Entry, 0, len(records))
	for _, r := range records {
		e, err := engine.Decode(r)
		if err != nil {
			return report.Report{}, failed("%w; run the version of cutover that wrote it, or a newer one", err)
		}
		entries = append(entries, e)
	}
	first, last := records[0], records[len(records)-1]
	if err := unbroken(ctx, j, first, last); err != nil {
		return report.Report{}, failed("the journal is not whole, so nothing is reported from it: %w; `cutover audit verify` says more", err)
	}
	r, err := report.Gather(entries, report.Range{First: placeOf(first), Last: placeOf(last), Whole: true})
	if err != nil {
		return r, failed("%w", err)
	}
	return r, nil
}

func placeOf(r store.Record) report.Place { return report.Place{Seq: r.Seq, Hash: r.Hash} }

// releaseRecords returns the records of a release, or those of an app's last one.
func releaseRecords(ctx context.Context, j store.Journal, name string) ([]store.Record, error) {
	records, err := j.Records(ctx, store.Query{Release: name})
	if err != nil {
		return nil, failed("read the journal: %w", err)
	}
	if len(records) > 0 {
		return records, nil
	}
	if records, err = j.Records(ctx, store.Query{App: name}); err != nil {
		return nil, failed("read the journal: %w", err)
	}
	last := ""
	for _, r := range records {
		if r.Type == (release.RecordedPlan{}).Name() {
			last = r.Release
		}
	}
	if last == "" {
		return nil, usage("there is no release or app named %q; `cutover history` lists them", name)
	}
	return slices.DeleteFunc(records, func(r store.Record) bool { return r.Release != last }), nil
}

// chainPage bounds the records that are held at once.
const chainPage = 256

// unbroken checks every hash and the chain from one record to another, those of
// other releases between them included.
func unbroken(ctx context.Context, j store.Journal, first, last store.Record) error {
	head := store.Head{Seq: first.Seq - 1, Hash: first.PrevHash}
	for head.Seq < last.Seq {
		records, err := j.Records(ctx, store.Query{After: head.Seq, Limit: chainPage})
		if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		if len(records) == 0 {
			return fmt.Errorf("record %d is missing", head.Seq+1)
		}
		for _, r := range records {
			if head, err = store.Follow(head, r); err != nil {
				return err
			}
			if head.Seq == last.Seq {
				break
			}
		}
	}
	if head.Hash != last.Hash {
		return fmt.Errorf("record %d has changed while it was read", last.Seq)
	}
	return nil
}

// writeReport shows a report in its form, or keeps it in a file.
func (s *session) writeReport(r report.Report, form, out string) error {
	var text strings.Builder
	if err := s.renderReport(&text, r, form, out == ""); err != nil {
		return &exitError{ExitFailed, err}
	}
	if out == "" {
		_, err := io.WriteString(s.out, text.String())
		return err
	}
	if err := durable.WriteFile(out, []byte(text.String()), 0o600); err != nil {
		return &exitError{ExitUsage, fmt.Errorf("keep the report: %w", err)}
	}
	if !s.json {
		fmt.Fprintf(s.out, "the report on %s is in %s\n", r.Release, out)
	}
	return nil
}

func (s *session) renderReport(to *strings.Builder, r report.Report, form string, shown bool) error {
	switch form {
	case "json":
		return encode(to, r)
	case "html":
		return r.HTML(to)
	case "markdown":
		to.WriteString(r.Markdown())
		return nil
	}
	look := report.Look{ASCII: !speaksUTF8(os.Getenv)}
	if shown {
		look.Width = terminalWidth(s.out)
		look.Paint = func(tone, words string) string { return s.paint(s.out, reportColours[tone], words) }
	}
	to.WriteString(r.Text(look))
	return nil
}

// reportColours are the colours of what a report makes stand out.
var reportColours = map[string]colour{"blue": blue, "green": green, "good": green, "bad": red, "quiet": dim, "strong": bold}
