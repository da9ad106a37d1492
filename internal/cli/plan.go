package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"cutover/internal/config"
	"cutover/internal/engine"
	"cutover/internal/release"
	"cutover/internal/store/sqlite"

	"github.com/spf13/cobra"
)

func newPlanCommand(s *session) *cobra.Command {
	var files fileFlags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show every step of a release before it begins",
		Long: "Shows every step with its earliest time, every setting with whether it is a default, the way\n" +
			"back from each step and until when. Changes nothing.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := files.load(cmd.Context())
			if err != nil {
				return err
			}
			p, obstacle, err := s.planOf(cmd.Context(), b, files.name)
			if err != nil {
				return err
			}
			settings, err := b.Settings(files.name)
			if err != nil {
				return &exitError{ExitUsage, err}
			}
			j := sqlJudgement{Findings: []sqlFinding{}, Notes: []string{}}
			if err := j.judgeBundle(cmd.Context(), b, p.Release); err != nil {
				return err
			}
			s.printPlan(p, obstacle, settings, config.Lint(b), operationsOf(b, files.name), j)
			return nil
		},
	}
	files.bind(cmd)
	return cmd
}

// errOnRecord means that a release of that name was begun before.
var errOnRecord = errors.New("there is one of that name already")

// planOf makes the plan for what stands now, keeping nothing. The obstacle is
// why it could not begin now, nil if it could.
func (s *session) planOf(ctx context.Context, b *config.Bundle, name string) (p release.Plan, obstacle, err error) {
	r, err := b.Release(name)
	if err != nil {
		return p, nil, &exitError{ExitUsage, err}
	}
	standing, err := s.standing(ctx, r.Metadata.App)
	if err != nil {
		return p, nil, err
	}
	known, err := s.client().View(ctx, r.Metadata.Name)
	if err == nil {
		p, err = b.Plan(ctx, name, known.State.Plan.Before(), forgetful{})
		obstacle = fmt.Errorf("%w: release %s is %s", errOnRecord, r.Metadata.Name, known.State.Word())
	} else if p, err = b.Plan(ctx, name, standing.Running(), forgetful{}); err == nil {
		obstacle = standing.Refuses(p, s.stateOf(ctx, standing.Active))
	}
	if err != nil {
		return p, nil, &exitError{ExitUsage, err}
	}
	p.FlagsOff = standing.FlagsOff()
	return p, obstacle, nil
}

// stateOf returns the state of a release, or the zero value if it cannot be
// told.
func (s *session) stateOf(ctx context.Context, name string) release.State {
	if name == "" {
		return release.State{}
	}
	v, err := s.client().View(ctx, name)
	if err != nil {
		return release.State{}
	}
	return v.State
}

// standing asks the controller what stands, or reads the journal where none
// runs.
func (s *session) standing(ctx context.Context, app string) (release.Standing, error) {
	apps, err := s.client().Apps(ctx)
	if isAbsent(err) {
		return s.recorded(ctx, app)
	}
	if err != nil {
		return release.Standing{}, err
	}
	for _, a := range apps {
		if a.App == app {
			return a, nil
		}
	}
	return release.Standing{App: app}, nil
}

func (s *session) recorded(ctx context.Context, app string) (release.Standing, error) {
	none := release.Standing{App: app}
	if _, err := os.Stat(s.layout().journal()); errors.Is(err, os.ErrNotExist) {
		return none, nil
	}
	j, err := sqlite.Open(ctx, s.layout().journal(), sqlite.Options{ReadOnly: true})
	if err != nil {
		return none, &exitError{ExitUsage, err}
	}
	defer j.Close()
	return engine.Recall(ctx, j, app)
}

// forgetful is a snapshot keeper for dry runs: it names content and drops it.
type forgetful struct{}

func (forgetful) Save(name string, content []byte) (release.File, error) {
	sum := sha256.Sum256(content)
	return release.File{Name: name, Digest: hex.EncodeToString(sum[:]), Bytes: int64(len(content))}, nil
}

func (s *session) printPlan(p release.Plan, obstacle error, settings []config.Setting, found []config.Finding, operations []operation, j sqlJudgement) {
	now := time.Now()
	stages := release.Timeline(p, now)
	report, rehearsed := rehearsals{path: s.layout().rehearsals()}.kept(p.App, p.Release)
	if s.json {
		out := map[string]any{"plan": p, "stages": stages, "settings": settings, "findings": append([]config.Finding{}, found...), "operations": operations, "sql": j.Findings, "notes": j.Notes}
		if rehearsed {
			out["rehearsed"] = shortened(report)
		}
		if obstacle != nil {
			out["obstacle"] = obstacle.Error()
		}
		s.print(out)
		return
	}
	w := s.out
	fmt.Fprintf(w, "%s  %s: %s -> %s, %s, replicas: %d%s\n\n", s.paint(w, bold, p.Release), p.App, sideLabel(p.From), sideLabel(p.To), p.Strategy, p.Replicas, companionWords(p))
	t := &table{}
	t.row("EARLIEST", "PHASE", "WHAT HAPPENS", "ENDS AFTER", "WAY BACK")
	last := ""
	for _, st := range stages {
		if st.Back == last {
			st.Back = "same"
		} else {
			last = st.Back
		}
		t.row("+"+ago(st.Earliest), string(st.Phase), st.What, dash(st.Ends), st.Back)
	}
	t.write(w)
	s.printOperations(operations)
	s.printSQL(j)
	s.printPlanFlags(p)
	if rehearsed {
		fmt.Fprintf(w, "\nlast rehearsed at %s: %s; the change may take %s\n", report.Began.UTC().Format("2006-01-02 15:04 UTC"), report.Verdict, ago(report.Expected()))
	}
	fmt.Fprintf(w, "\nreversible until %s\n", pointOfNoReturn(stages, now))
	fmt.Fprintf(w, "a failing check, a crash loop%s: %s\n", comparison(p), onFailure(p))
	fmt.Fprintf(w, "\n%s\n", s.paint(w, bold, "settings (defaults marked)"))
	t = &table{}
	for _, set := range settings {
		mark := ""
		if set.Default {
			mark = s.paint(w, dim, "default")
		}
		t.row("  "+set.Kind, set.Path, set.Value, mark)
	}
	t.write(w)
	if len(found) > 0 {
		fmt.Fprintln(w)
		s.printFindings(found, 0)
	}
	if obstacle != nil {
		fmt.Fprintf(w, "\n%s %s\n", s.paint(w, red, "it cannot begin now:"), obstacle)
		return
	}
	fmt.Fprintf(w, "\nnothing has been changed; `cutover deploy` begins the release\n")
}

// comparison names what is held against the old version, if there is one.
func comparison(p release.Plan) string {
	if p.First() {
		return " or lost readiness"
	}
	what := "more errors"
	if p.Guard.Slower != release.AnySlower {
		what = fmt.Sprintf("more errors or answers over %.2g %% slower", 100*p.Guard.Slower)
	}
	return fmt.Sprintf(", lost readiness, or evidence of %s than %s (wrong for one in %.0f versions that are no worse)", what, p.From.Version, 1/p.Guard.FalseAlarms)
}

func onFailure(p release.Plan) string {
	f := p.Guard.OnFailure
	if p.Strategy == release.RollingUpdate {
		f = p.Rolling.OnFailure
	}
	if f == release.Pause {
		return "pause, and wait for a person"
	}
	return "rollback by itself"
}

// pointOfNoReturn says when the way back ends at the earliest.
func pointOfNoReturn(stages []release.Stage, now time.Time) string {
	for _, st := range stages {
		if st.Phase == release.Retiring {
			return now.Add(st.Earliest).UTC().Format("2006-01-02 15:04 UTC") + " at the earliest, or until `cutover retire`"
		}
	}
	return "it is done (a first release has nothing to go back to)"
}

// companionWords names the workers and singletons with what becomes of them.
func companionWords(p release.Plan) string {
	var words []string
	for _, c := range p.Companions {
		word := fmt.Sprintf("%s: %d", c.Name, c.Replicas)
		switch {
		case c.Stays():
			word += " (stays " + c.To.Version + ")"
		case c.To.Version == "":
			word += " (goes)"
		case c.Overlap == release.Never:
			word += " (one at a time)"
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return ""
	}
	return ", " + strings.Join(words, ", ")
}
