// Package process runs an app's instances as processes of this machine that
// outlive the controller. See DESIGN.md beside this file.
package process

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"cutover/internal/snapshot"
)

// Options says where and how instances run.
type Options struct {
	// StateDir is the absolute folder for records, logs and configuration
	// files. It belongs to this package alone and is created if need be.
	StateDir string
	// Executable and ShimArgs say how to run a program that calls
	// RunShim(rest) for `Executable ShimArgs... rest...`. An empty Executable
	// is the program that runs now, even if its file was replaced meanwhile.
	Executable string
	ShimArgs   []string
	// Umask is how instances make their files; nil means as cutover itself.
	Umask *int
	// Snapshots may be nil if no artefact has files.
	Snapshots snapshot.Opener
	// Now is the clock, time.Now if nil.
	Now func() time.Time
	// Logger hears of launches and ends; nil is silence.
	Logger *slog.Logger
}

// thisProgram is what runs now, whatever has become of its file: an upgrade
// of cutover under way must not give a controller a shim of another version.
const thisProgram = "/proc/self/exe"

func (o Options) complete() (Options, error) {
	if !filepath.IsAbs(o.StateDir) {
		return o, fmt.Errorf("open the process platform: the state folder %q is not an absolute path", o.StateDir)
	}
	if o.Executable == "" {
		o.Executable = thisProgram
	}
	if !filepath.IsAbs(o.Executable) {
		return o, fmt.Errorf("open the process platform: the executable %q is not an absolute path", o.Executable)
	}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return o, fmt.Errorf("open the process platform: %w: it needs Linux with /proc mounted", err)
	}
	if o.Snapshots == nil {
		o.Snapshots = noSnapshots{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

type noSnapshots struct{}

func (noSnapshots) Open(string) (io.ReadCloser, error) {
	return nil, errors.New("this controller keeps no snapshots of configuration files")
}
