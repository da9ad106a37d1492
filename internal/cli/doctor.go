package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"cutover/internal/config"
	"cutover/internal/proxy"
	"cutover/internal/proxy/admin"
	"cutover/internal/proxy/route"
	"cutover/internal/release"
	"cutover/internal/store/sqlite"

	"github.com/spf13/cobra"
)

// symptom is one thing the doctor looked at.
type symptom struct {
	What string `json:"what"`
	// State is "ok", "note" or "bad".
	State  string `json:"state"`
	Detail string `json:"detail"`
}

func newDoctorCommand(s *session) *cobra.Command {
	var files fileFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look whether everything is ready for a release",
		Long:  "Looks at the state folder, the journal, the controller, the data plane, the disk and, where there\nare files, at what they need. Changes nothing.",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found := s.examine(cmd.Context(), &files)
			bad := 0
			for _, f := range found {
				if f.State == "bad" {
					bad++
				}
			}
			if s.json {
				s.print(found)
			} else {
				s.printSymptoms(found)
			}
			if bad > 0 {
				return silent(ExitUsage)
			}
			return nil
		},
	}
	files.bind(cmd)
	return cmd
}

func (s *session) printSymptoms(found []symptom) {
	t := &table{}
	for _, f := range found {
		c := map[string]colour{"ok": green, "note": yellow, "bad": red}[f.State]
		t.row(s.paint(s.out, c, f.State), f.What, f.Detail)
	}
	t.write(s.out)
}

func (s *session) examine(ctx context.Context, files *fileFlags) []symptom {
	found := []symptom{s.examineState(), s.examineDisk(), s.examineController(ctx), s.examineJournal(ctx)}
	found = append(found, s.examineCertificates(ctx)...)
	if len(files.paths) == 0 {
		if _, err := os.Stat(fallback); err != nil {
			return append(found, symptom{"files", "note", "there is no " + fallback + " here; `cutover init` writes one"})
		}
	}
	b, err := files.load(ctx)
	if err != nil {
		return append(found, symptom{"files", "bad", err.Error()})
	}
	found = append(found, symptom{"files", "ok", fmt.Sprintf("%d apps, %d releases, %d policies", len(b.Apps), len(b.Releases), len(b.Policies))})
	for _, f := range config.Lint(b) {
		state := "note"
		if f.Severity == config.Bad {
			state = "bad"
		}
		found = append(found, symptom{"lint " + f.ID, state, f.Place.String() + ": " + f.Reason + "; " + f.Cure})
	}
	return append(found, s.examineRelease(ctx, b, files.name)...)
}

func (s *session) examineState() symptom {
	info, err := os.Stat(s.state)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return symptom{"state folder", "note", s.state + " is not there yet; the first deployment creates it"}
	case err != nil:
		return symptom{"state folder", "bad", err.Error()}
	case !info.IsDir():
		return symptom{"state folder", "bad", s.state + " is not a folder; choose another with --state"}
	case info.Mode().Perm()&0o077 != 0:
		return symptom{"state folder", "bad", fmt.Sprintf("%s is open to other users (mode %04o); run: chmod 700 %s", s.state, info.Mode().Perm(), s.state)}
	}
	return symptom{"state folder", "ok", s.state}
}

// leastFree is how much disk space a journal, logs and snapshots should find.
const leastFree = 512 << 20

func (s *session) examineDisk() symptom {
	dir := s.state
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return symptom{"disk", "bad", err.Error()}
	}
	free := fs.Bavail * uint64(fs.Bsize)
	if free < leastFree {
		return symptom{"disk", "bad", fmt.Sprintf("%d MiB are free at %s, at least %d are wanted; a full disk stops every release", free>>20, dir, leastFree>>20)}
	}
	return symptom{"disk", "ok", fmt.Sprintf("%d MiB free at %s", free>>20, dir)}
}

func (s *session) examineController(ctx context.Context) symptom {
	info, err := s.client().Info(ctx)
	switch {
	case isAbsent(err):
		return symptom{"controller", "note", "none runs; `cutover deploy` starts one"}
	case err != nil:
		return symptom{"controller", "bad", err.Error()}
	case !info.Leading:
		return symptom{"controller", "note", fmt.Sprintf("pid %d stands by: another one is in charge", info.PID)}
	}
	return symptom{"controller", "ok", fmt.Sprintf("pid %d is in charge, generation %d, version %s", info.PID, info.Generation, info.Version)}
}

func (s *session) examineJournal(ctx context.Context) symptom {
	path := s.layout().journal()
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return symptom{"journal", "note", "there is none yet"}
	}
	j, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true})
	if err != nil {
		return symptom{"journal", "bad", err.Error()}
	}
	defer j.Close()
	head, err := j.Verify(ctx)
	if err != nil {
		return symptom{"journal", "bad", err.Error()}
	}
	return symptom{"journal", "ok", fmt.Sprintf("%d records, chain whole", head.Seq)}
}

// examineRelease looks at what the release in the files needs.
func (s *session) examineRelease(ctx context.Context, b *config.Bundle, name string) []symptom {
	p, obstacle, err := s.planOf(ctx, b, name)
	if err != nil {
		return []symptom{{"plan", "bad", err.Error()}}
	}
	found := []symptom{{"plan", "ok", fmt.Sprintf("%s: %s -> %s", p.Release, sideLabel(p.From), sideLabel(p.To))}}
	switch {
	case errors.Is(obstacle, errOnRecord):
		found = []symptom{{"plan", "note", obstacle.Error()}}
	case obstacle != nil:
		found = []symptom{{"plan", "bad", obstacle.Error()}}
	}
	return append(found, examineCommand(p.App, p.To), s.examineAddress(ctx, p))
}

// examineCommand looks for the program of a version in this shell's PATH.
func examineCommand(app string, t release.Target) symptom {
	if len(t.Artefact.Command) == 0 {
		return symptom{"command", "note", "instances are not started as processes of this machine"}
	}
	program := strings.NewReplacer("{{version}}", t.Version, "{{app}}", app, "{{side}}", string(t.Side)).Replace(t.Artefact.Command[0])
	if strings.Contains(program, "/") && !filepath.IsAbs(program) {
		program = filepath.Join(t.Artefact.Dir, program)
	}
	if _, err := exec.LookPath(program); err != nil {
		return symptom{"command", "bad", err.Error() + "; build it, or mend spec.components in the App"}
	}
	return symptom{"command", "ok", program}
}

// examineAddress looks whether users can be served where the plan says.
func (s *session) examineAddress(ctx context.Context, p release.Plan) symptom {
	table, err := admin.NewClient(proxy.SocketIn(s.layout().proxy())).Table(ctx)
	if err != nil {
		// Where no data plane runs, none of its addresses is taken by itself.
		table = route.Table{}
	}
	if isForeign(p.Front) {
		if err := checkForeign(ctx, p.App, p.Front, p.Replicas); err != nil {
			return symptom{"address", "bad", err.Error()}
		}
		return symptom{"address", "ok", p.Front.Listen + " is served by " + p.Front.Driver}
	}
	if err := frontFits(ctx, table, p.App, p.Front); err != nil {
		return symptom{"address", "bad", err.Error()}
	}
	if slices.Contains(table.Listens(), p.Front.Listen) {
		return symptom{"address", "ok", p.Front.Listen + " is served already"}
	}
	return symptom{"address", "ok", p.Front.Listen + " is free"}
}
