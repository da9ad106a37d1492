// Package docker runs an app's instances as containers of a Docker daemon.
// See DESIGN.md beside this file.
package docker

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"cutover/internal/snapshot"
)

// Options says where the platform keeps what it must remember.
type Options struct {
	// StateDir is the absolute folder for records and configuration files. It
	// belongs to this package alone and is created if need be.
	StateDir string
	// Snapshots may be nil if no artefact has files.
	Snapshots snapshot.Opener
	// Now is the clock, time.Now if nil.
	Now func() time.Time
	// Logger hears of launches; nil is silence.
	Logger *slog.Logger
}

func (o Options) complete() (Options, error) {
	if !filepath.IsAbs(o.StateDir) {
		return o, fmt.Errorf("open the docker platform: the state folder %q is not an absolute path", o.StateDir)
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
