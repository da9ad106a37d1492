package release

import "fmt"

// clashes says why a plan's files of flags cannot be written beside those of the
// app's own version that stands: while both run, one file cannot have two forms.
func (s Standing) clashes(p Plan) error {
	for _, f := range p.Flags {
		for _, have := range s.files() {
			if f.File != nil && f.File.Path == have.Path && *f.File != have {
				return fmt.Errorf("the version that stands reads %s as %s with mode %04o, and flag %s wants another form of it: name another file for the new version",
					have.Path, have.Format, have.Mode, f.Name)
			}
		}
	}
	return s.unsaid(p)
}

// unsaid says which of the parts that a flag is off for could not be told as the
// plan declares it: the version coming in would have it on.
func (s Standing) unsaid(p Plan) error {
	for _, f := range p.Flags {
		for _, state := range s.Flags {
			only := state.Only
			if state.Name != f.Name || !state.Off || only.Version != "" && only.Version != p.To.Version {
				continue
			}
			if err := f.Says(only); err != nil {
				return fmt.Errorf("%s is off%s, and version %s could not be told: %w; or `cutover enable %s%s` first",
					f.Name, only.For(), p.To.Version, err, f.Name, only.Options())
			}
		}
	}
	return nil
}

// Occupies returns a file of flags that the plan of another app wants too, ""
// for none.
func (s Standing) Occupies(p Plan) string {
	for _, f := range p.Flags {
		for _, have := range s.files() {
			if f.File != nil && f.File.Path == have.Path && s.App != p.App {
				return have.Path
			}
		}
	}
	return ""
}

// files lists the files by which the app is told.
func (s Standing) files() []FlagFile {
	var list []FlagFile
	for _, state := range s.Flags {
		for _, w := range state.Ways {
			if w.Flag.File != nil {
				list = append(list, *w.Flag.File)
			}
		}
	}
	return list
}
