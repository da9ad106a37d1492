package release

import "time"

// Artefact says exactly what runs as one version: it is recorded when a
// release is planned and used unchanged for as long as the version may be
// needed again, so that configuration goes back together with the code.
// Secrets appear only as references.
type Artefact struct {
	// Runtime names the platform that runs it, "" for processes of this machine.
	Runtime string `json:"runtime,omitempty"`
	// Command is the argument vector. The placeholders {{port}}, {{version}},
	// {{app}}, {{side}} and {{files}} (the folder with Files) are replaced
	// when an instance starts. No shell is involved unless the file asked
	// for one, in which case Command begins with it.
	Command []string `json:"command"`
	// Dir is the absolute working directory.
	Dir string `json:"dir"`
	// Env is sorted by name.
	Env []EnvVar `json:"env,omitempty"`
	// EnvFile, when its Digest is set, is a snapshot of a file of NAME=value
	// lines; Env wins over it.
	EnvFile File `json:"envFile,omitzero"`
	// Files are snapshots of configuration files, sorted by name.
	Files  []File `json:"files,omitempty"`
	Health Health `json:"health"`
	Stop   Stop   `json:"stop"`
	// Container is set for the runtimes that run containers. Command then goes
	// to the image's entry point, and Dir is a folder inside the container.
	Container *Container `json:"container,omitempty"`
	// Orders run it in place of Command where the runtime is "command".
	Orders *Orders `json:"orders,omitempty"`
	// Addresses, host:port each, are where its instances answer that somebody
	// else runs, where the runtime is "static".
	Addresses []string `json:"addresses,omitempty"`
	// Adopted are instances that ran before cutover knew of them. Without a
	// Command none can be started in their place.
	Adopted []Adopted `json:"adopted,omitempty"`
}

// EnvVar is one environment variable: either a plain Value or a Ref
// ("env:NAME" or "file:/path") that is resolved when an instance starts and
// never stored.
type EnvVar struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	Ref   string `json:"ref,omitempty"`
}

// File names a snapshot by the SHA-256 of its content, in hex.
type File struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	Bytes  int64  `json:"bytes"`
}

// Health says how an instance shows that it is ready: by a 2xx or 3xx answer
// to GET Path within Timeout, asked every Every. Without a Path, an open TCP
// port is enough. An instance that was ready loses readiness after Failures
// probes in a row have failed.
type Health struct {
	Path string `json:"path,omitempty"`
	// Command, in place of Path, is a program that ends with 0 if the instance
	// is ready. It is given the instance's placeholders, folder and variables.
	Command []string `json:"command,omitempty"`
	// Running says that an instance which runs is ready: it is not asked.
	Running  bool          `json:"running,omitempty"`
	Every    time.Duration `json:"every"`
	Timeout  time.Duration `json:"timeout"`
	Failures int           `json:"failures"`
}

// Stop says how an instance ends: Signal (such as "TERM"), then after Grace
// KILL to its whole process group.
type Stop struct {
	Signal string        `json:"signal"`
	Grace  time.Duration `json:"grace"`
}
