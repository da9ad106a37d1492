package cli

import (
	"fmt"
	"strings"

	"cutover/internal/api"
	"cutover/internal/release"

	"github.com/spf13/cobra"
)

func newSchemaCommand(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "How far the database is with a release, and what slows it down",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSchemaStatusCommand(s), newSchemaVerifyCommand(s),
		newFillCommand(s, release.VerbPause, "Stop giving rows their new shape; what is done stays done"),
		newFillCommand(s, release.VerbResume, "Go on giving rows their new shape"))
	return cmd
}

func newSchemaStatusCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:               "status [RELEASE|APP]",
		Short:             "How far the database is with a release",
		Args:              atMostOne,
		ValidArgsFunction: s.completeReleases,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := s.changing(cmd, args)
			if err != nil {
				return err
			}
			if s.json {
				s.print(map[string]any{"release": v.State.Release, "phase": v.State.Phase, "plan": v.State.Plan.Schema, "world": v.World.Schema,
					"fill": v.State.Fill, "saved": v.State.Saved, "rehearsed": v.State.Rehearsed, "approved": v.State.Approved, "troubles": append([]string{}, v.Troubles...)})
				return silent(codeFor(v.State))
			}
			s.schemaStatus(v)
			return silent(codeFor(v.State))
		},
	}
}

// changing returns a release that changes a schema.
func (s *session) changing(cmd *cobra.Command, args []string) (api.View, error) {
	c := s.client()
	name, err := resolve(cmd.Context(), c, args)
	if err != nil {
		return api.View{}, err
	}
	v, err := c.View(cmd.Context(), name)
	if err != nil {
		return v, reached(err)
	}
	if !v.State.Plan.Schema.Changes() {
		return v, usage("release %s does not change the schema of a database", name)
	}
	return v, nil
}

func (s *session) schemaStatus(v api.View) {
	st, w := v.State, v.World.Schema
	fmt.Fprintf(s.out, "%s  %s  %s\n", s.paint(s.out, bold, st.Release), changeName(st.Plan.Schema), s.paint(s.out, wordColour(st), st.Word()))
	t := &table{}
	for _, stage := range []struct {
		name        string
		does, begun bool
		seen        bool
	}{
		{"expanded", st.Plan.Schema.Expand, st.Expanded, w.Expanded},
		{"filled and verified", st.Plan.Schema.Backfill, st.Fill.Table != "", w.Filled},
		{"contracted", st.Plan.Schema.Contract, st.Contracted, w.Contracted},
	} {
		if stage.does {
			t.row("  "+stage.name, s.seen(w.Known, stage.seen, stage.begun))
		}
	}
	t.write(s.out)
	if p := fillOf(v); p.Table != "" && !w.Filled {
		fmt.Fprintf(s.out, "  %s %s\n", s.bar(p), p)
	}
	if st.Halt != nil {
		fmt.Fprintf(s.out, "  %s %s; %s\n", s.paint(s.out, yellow, "halted  "), st.Halt.Reason, st.Halt.Cure)
	}
	if w.Waits != "" {
		fmt.Fprintf(s.out, "  waits    %s\n", w.Waits)
	}
	s.rehearsed(st)
	if b := st.Saved; b != nil {
		fmt.Fprintf(s.out, "  backup   %s, %d rows, %s%s\n", b.Name, b.Rows, size(b.Bytes), proven(b.Verified))
	}
	for _, trouble := range v.Troubles {
		fmt.Fprintf(s.out, "  %s %s\n", s.paint(s.out, red, "trouble"), trouble)
	}
	fmt.Fprintf(s.out, "  way back %s\n", v.Explanation.Back)
}

// rehearsed says what a rehearsal found before the change, and who went on.
func (s *session) rehearsed(st release.State) {
	r := st.Rehearsed
	if r == nil {
		return
	}
	fmt.Fprintf(s.out, "  rehearsed %s in %s; the change may take %s\n", r.Impact, ago(r.Took), ago(r.Expected))
	for _, reason := range r.Reasons {
		fmt.Fprintf(s.out, "    %s\n", reason)
	}
	if st.Approved != "" {
		fmt.Fprintf(s.out, "    approved by %s\n", st.Approved)
	}
}

func changeName(p release.Schema) string {
	if p.IsNative() {
		return strings.Join(p.Native.Upgrade, " ") + " (to " + p.Native.To + ")"
	}
	return p.Change.Name
}

// seen says whether a stage is done, as far as the database shows.
func (s *session) seen(known, is, begun bool) string {
	switch {
	case !known && begun:
		return s.paint(s.out, yellow, "begun; the database is not looked at now")
	case !known:
		return s.paint(s.out, dim, "not begun")
	case is:
		return s.paint(s.out, green, "yes")
	case begun:
		return s.paint(s.out, yellow, "not yet")
	}
	return "no"
}

// fillOf is the latest word of a fill.
func fillOf(v api.View) release.Progress {
	if p := v.World.Schema.Progress; p.Table != "" {
		return p
	}
	return v.State.Fill
}

// bar draws how far a fill is.
func (s *session) bar(p release.Progress) string {
	if p.Total == 0 {
		return ""
	}
	n := int(float64(min(p.Done, p.Total)) / float64(p.Total) * barWidth)
	return s.paint(s.out, green, strings.Repeat("█", n)) + s.paint(s.out, dim, strings.Repeat("░", barWidth-n))
}

func proven(is bool) string {
	if is {
		return ", proven to restore"
	}
	return ""
}

func newSchemaVerifyCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "verify [RELEASE|APP]",
		Short: "Read every row that has two shapes, and say whether they agree",
		Long: "Reads every row that the release gives two shapes, a range of pages at a time, and says whether\n" +
			"both agree. Changes nothing. The release does the same by itself before it shifts traffic.",
		Args:              atMostOne,
		ValidArgsFunction: s.completeReleases,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := s.changing(cmd, args)
			if err != nil {
				return err
			}
			found, err := s.client().VerifySchema(cmd.Context(), v.State.Release)
			if err != nil {
				return reached(err)
			}
			code := ExitDone
			if !found.Agrees {
				code = ExitFailed
			}
			switch {
			case s.json:
				s.print(found)
			case !found.Agrees:
				fmt.Fprintf(s.out, "%s %s\n", s.paint(s.out, red, "they differ:"), found.Differs)
			case len(found.Tables) == 0:
				fmt.Fprintln(s.out, "no row has two shapes now")
			default:
				fmt.Fprintf(s.out, "%s in %s; read in %s\n", s.paint(s.out, green, "every row agrees"), strings.Join(found.Tables, ", "), ago(found.Took))
			}
			return silent(code)
		},
	}
}

// newFillCommand pauses or resumes a release, but only while it fills rows:
// whoever means the whole release says so without `schema`.
func newFillCommand(s *session, verb release.Verb, short string) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:               string(verb) + " [RELEASE|APP]",
		Short:             short,
		Args:              atMostOne,
		ValidArgsFunction: s.completeReleases,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := s.changing(cmd, args)
			if err != nil {
				return err
			}
			if v.State.Phase != release.Backfilling {
				return usage("release %s fills no rows now: it is %s; `cutover %s` is for the release as a whole", v.State.Release, v.State.Word(), verb)
			}
			now, err := s.client().Request(cmd.Context(), v.State.Release, verb, reason)
			if err != nil {
				return reached(err)
			}
			return s.told(now.State, verb)
		},
	}
	cmd.Flags().StringVarP(&reason, "reason", "m", "", "why; kept in the journal")
	return cmd
}
