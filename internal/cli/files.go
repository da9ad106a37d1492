package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"cutover/internal/api"
	"cutover/internal/config"

	"github.com/spf13/cobra"
)

// fileFlags are the files a command works on.
type fileFlags struct {
	paths []string
	name  string
}

// fallback is the file that is taken when none is named.
const fallback = "cutover.yaml"

func (f *fileFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&f.paths, "file", "f", nil, "file or folder with App, Release and Policy (default "+fallback+"); may be repeated")
	cmd.Flags().StringVar(&f.name, "release", "", "which release, if the files have several")
	must(cmd.MarkFlagFilename("file", "yaml", "yml"))
}

// load reads and validates the files.
func (f *fileFlags) load(ctx context.Context) (*config.Bundle, error) {
	if len(f.paths) == 0 {
		if _, err := os.Stat(fallback); err != nil {
			return nil, usage("there is no %s here; name a file with -f, or write one with `cutover init`", fallback)
		}
		f.paths = []string{fallback}
	}
	b, err := loader().Load(ctx, f.paths...)
	if err != nil {
		return nil, &exitError{ExitUsage, err}
	}
	return b, nil
}

// absolute returns the files as a controller can find them.
func (f *fileFlags) absolute() (api.Files, error) {
	out := api.Files{Release: f.name}
	for _, p := range f.paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return out, usage("find %s: %w", p, err)
		}
		out.Paths = append(out.Paths, abs)
	}
	return out, nil
}

// problems returns what is wrong with the files, if that is what err is about.
func problems(err error) (config.Problems, bool) {
	var list config.Problems
	ok := errors.As(err, &list)
	return list, ok
}
