package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"cutover/internal/config"
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
	p, err := s.planOf(ctx, b, name)
	if err != nil {
		return []symptom{{"plan", "bad", err.Error()}}
	}
	found := []symptom{{"plan", "ok", fmt.Sprintf("%s: %s -> %s", p.Release, sideLabel(p.From), sideLabel(p.To))}}
	program := p.To.Artefact.Command[0]
	if !filepath.IsAbs(program) && filepath.Base(program) != program {
		program = filepath.Join(p.To.Artefact.Dir, program)
	}
	if _, err := exec.LookPath(program); err != nil {
		found = append(found, symptom{"command", "bad", err.Error() + "; build it, or mend spec.components in the App"})
	} else {
		found = append(found, symptom{"command", "ok", program})
	}
	if p.First() {
		found = append(found, examineAddress(p.Front.Listen))
	}
	return found
}

func examineAddress(addr string) symptom {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return symptom{"address", "bad", fmt.Sprintf("%s cannot be opened (%v); stop what uses it or choose another spec.traffic.listen", addr, err)}
	}
	l.Close()
	return symptom{"address", "ok", addr + " is free"}
}
