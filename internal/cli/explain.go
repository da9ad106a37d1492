package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newExplainCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:               "explain [RELEASE|APP]",
		Short:             "Why nothing else happens now, and which verb helps",
		Args:              atMostOne,
		ValidArgsFunction: s.completeReleases,
		RunE: func(cmd *cobra.Command, args []string) error {
			c := s.client()
			name, err := resolve(cmd.Context(), c, args)
			if err != nil {
				return err
			}
			v, err := c.View(cmd.Context(), name)
			if err != nil {
				return reached(err)
			}
			if s.json {
				s.print(v.Explanation)
				return silent(codeFor(v.State))
			}
			x := v.Explanation
			fmt.Fprintf(s.out, "%s is %s, because: %s\n", name, s.paint(s.out, wordColour(v.State), x.Word), x.Because)
			for _, t := range v.Troubles {
				fmt.Fprintf(s.out, "  trouble: %s\n", t)
			}
			for _, wait := range x.Waits {
				fmt.Fprintf(s.out, "  waits: %s\n", wait)
			}
			for _, now := range x.Front {
				fmt.Fprintf(s.out, "  traffic: %s\n", now)
			}
			if now := x.Verdict; now.Evidence != nil {
				fmt.Fprintf(s.out, "  verdict %s\n", s.verdictWords(s.out, now))
				s.writeEvidence(s.out, "    ", now, v.State.Plan)
				if err := s.writeCourse(cmd.Context(), c, name); err != nil {
					return reached(err)
				}
			}
			s.writeSignals(s.out, "    ", x.Verdict)
			s.writeSynthetic(s.out, "    ", x.Verdict)
			fmt.Fprintf(s.out, "  %s\n", x.Back)
			t := &table{}
			for _, h := range x.Verbs {
				t.row("  cutover "+string(h.Verb)+" "+name, h.Meaning)
			}
			t.write(s.out)
			return silent(codeFor(v.State))
		},
	}
}
