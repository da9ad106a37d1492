// Package docker runs an app's instances as containers of a Docker daemon.
// See DESIGN.md beside this file.
package docker

import "cutover/internal/platform/docker/house"

// Options says where the platform keeps what it must remember.
type Options = house.Options
