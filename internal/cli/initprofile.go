package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"cutover/examples/superset"
	"cutover/internal/hazard"
)

// profiles are the apps whose files are part of this program.
var profiles = []string{"superset"}

// profile is what `init --profile` is asked for.
type profile struct {
	name, from, to string
	force          bool
}

// The hop that the files of the profile are written for.
const exampleFrom, exampleTo = "4.0.2", "4.1.2"

// files returns the profile's files by name, made for its two versions.
func (p profile) files() (map[string]string, error) {
	if !slices.Contains(profiles, p.name) {
		return nil, usage("there is no profile %q; there is: %s", p.name, strings.Join(profiles, ", "))
	}
	out := map[string]string{}
	err := fs.WalkDir(superset.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := superset.Files.ReadFile(path)
		out[path] = string(data)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the profile: %w", err)
	}
	known, err := hazard.Read([]byte(out["catalogue.json"]))
	if err != nil {
		return nil, err
	}
	hop, err := known.Between(p.from, p.to)
	if err != nil {
		return nil, &exitError{ExitUsage, err}
	}
	out["first.yaml"] = strings.NewReplacer(exampleFrom, p.from, dashed(exampleFrom), dashed(p.from)).Replace(out["first.yaml"])
	out["release.yaml"] = p.release(out["release.yaml"], hop)
	return p.constrained(out), nil
}

// constrained leaves out what pip is told for versions that nobody asked for.
func (p profile) constrained(files map[string]string) map[string]string {
	for name := range files {
		version, ok := strings.CutPrefix(name, "constraints-")
		if version = strings.TrimSuffix(version, ".txt"); ok && version != p.from && version != p.to {
			delete(files, name)
		}
	}
	return files
}

var (
	revisionList  = regexp.MustCompile(`revisions: \[[^]]*\]`)
	schemaSection = regexp.MustCompile(`(?s)  backup:.*?(  strategy:)`)
	firstRevision = regexp.MustCompile(`(from: )"[0-9a-f]+"`)
	lastRevision  = regexp.MustCompile(`(migrate.py, |  to: )"[0-9a-f]+"`)
)

// release is the example's release for another hop.
func (p profile) release(text string, hop hazard.Hop) string {
	text = strings.NewReplacer(exampleFrom, p.from, exampleTo, p.to, dashed(exampleTo), dashed(p.to)).Replace(text)
	if len(hop.Revisions) == 0 {
		return schemaSection.ReplaceAllString(text, "$1")
	}
	var lines []string
	for some := range slices.Chunk(hop.Revisions, 6) {
		lines = append(lines, `        "`+strings.Join(some, `", "`)+`"`)
	}
	text = revisionList.ReplaceAllString(text, "revisions: [\n"+strings.Join(lines, ",\n")+"]")
	text = firstRevision.ReplaceAllString(text, `${1}"`+hop.From+`"`)
	return lastRevision.ReplaceAllString(text, `${1}"`+hop.To+`"`)
}

func dashed(version string) string { return strings.ReplaceAll(version, ".", "-") }

// write puts the files into the working folder, all or none.
func (p profile) write(files map[string]string) ([]string, error) {
	var names []string
	for name := range files {
		if _, err := os.Lstat(name); err == nil && !p.force {
			return nil, usage("%s is here already; --force replaces it", name)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := os.WriteFile(name, []byte(files[name]), 0o644); err != nil {
			return nil, &exitError{ExitUsage, errors.Join(errors.New("not all files were written"), err)}
		}
	}
	return names, nil
}

// initProfile writes the files of a profile.
func (s *session) initProfile(p profile) error {
	files, err := p.files()
	if err != nil {
		return err
	}
	names, err := p.write(files)
	if err != nil {
		return err
	}
	if s.json {
		s.print(map[string]any{"written": names, "from": p.from, "to": p.to})
		return nil
	}
	fmt.Fprintf(s.out, "wrote %s\nnext: edit app.yaml; `cutover lint -f app.yaml -f release.yaml` tells what is known of %s -> %s; docs/superset.md leads through the rest\n",
		strings.Join(names, ", "), p.from, p.to)
	return nil
}
