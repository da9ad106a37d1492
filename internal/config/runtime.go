package config

import (
	"strings"
)

// Runtime is what runs the app.
type Runtime struct {
	// The type of runtime: process runs programs of this machine, docker containers.
	Type RuntimeType `json:"type,omitempty" jsonschema:"default=process"`
	// Where the Docker daemon takes orders; unix:///var/run/docker.sock if it is not set.
	Socket string `json:"socket,omitempty"`
	// How containers are reached: published gives each a free port of 127.0.0.1, direct uses its own address, which must be reachable from this machine.
	Reach string `json:"reach,omitempty" jsonschema:"enum=published,enum=direct"`
}

// The types of runtime.
const (
	runtimeProcess = "process"
	runtimeDocker  = "docker"
)

// defaultSocket is where Docker's own packages put it.
const defaultSocket = "unix:///var/run/docker.sock"

func (r Runtime) containers() bool { return r.Type == runtimeDocker }

func (r Runtime) socket() string {
	if r.Socket == "" {
		return defaultSocket
	}
	return r.Socket
}

func (r Runtime) validate(tell report) {
	switch {
	case !r.containers() && r.Socket != "":
		tell("socket", "plain processes need no daemon", "remove it, or write type: docker")
	case !r.containers() && r.Reach != "":
		tell("reach", "plain processes are reached at 127.0.0.1", "remove it, or write type: docker")
	case r.Socket != "" && !strings.HasPrefix(r.Socket, "unix:///"):
		tell("socket", "only a socket of this machine is used", "write its absolute path such as "+defaultSocket)
	}
}
