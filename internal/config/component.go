package config

import (
	"slices"
	"strings"
	"time"

	"cutover/internal/release"
)

// Component is one role of an app.
type Component struct {
	// The program with its arguments: a list, or one text that is split into words without a shell. May contain {{version}}, {{port}}, {{app}}, {{side}} and {{files}}.
	Command Command `json:"command" jsonschema:"required" example:"[\"./shop\", \"--port\", \"{{port}}\"]"`
	// Run the command, one text, by sh -c.
	Shell bool `json:"shell,omitempty"`
	// The working directory, relative to the folder of this file. May contain {{version}} and {{app}}.
	Dir string `json:"dir,omitempty" jsonschema:"default=."`
	// How many instances each version has when it carries everything.
	Replicas int `json:"replicas,omitempty" jsonschema:"default=1,minimum=1,maximum=1000"`
	// How an instance shows that it is ready.
	Health Health `json:"health,omitzero"`
	// How an instance is ended.
	Stop Stop `json:"stop,omitzero"`
}

// Health is how an instance shows that it is ready.
type Health struct {
	// The path that answers 2xx or 3xx when ready; without it an open port is enough.
	Path string `json:"path,omitempty"`
	// How often it is asked.
	Every Duration `json:"every,omitempty" jsonschema:"default=1s"`
	// How long one answer may take.
	Timeout Duration `json:"timeout,omitempty" jsonschema:"default=2s"`
	// How many failures in a row make a ready instance not ready.
	Failures int `json:"failures,omitempty" jsonschema:"default=3,minimum=1,maximum=1000"`
}

// Stop is how an instance is ended.
type Stop struct {
	// The signal that asks it to end.
	Signal string `json:"signal,omitempty" jsonschema:"default=TERM,enum=TERM,enum=INT,enum=QUIT,enum=HUP,enum=USR1,enum=USR2,enum=KILL"`
	// How long it may take before its process group is killed.
	Grace Duration `json:"grace,omitempty" jsonschema:"default=30s"`
}

func (c Component) validate(tell report) {
	if c.Command.given() {
		args, err := c.Command.args(c.Shell)
		if err != nil {
			reason, cure := explain(err, "")
			tell("command", reason, cure)
		}
		checkPlaceholders(strings.Join(args, " "), "command", startPlaceholders, tell)
	}
	checkPlaceholders(c.Dir, "dir", pathPlaceholders, tell)
	checkURLPath(c.Health.Path, "health.path", tell)
	checkPositive(c.Health.Every, "health.every", tell)
	checkPositive(c.Health.Timeout, "health.timeout", tell)
}

func (h Health) resolve() release.Health {
	return release.Health{Path: h.Path, Every: time.Duration(h.Every), Timeout: time.Duration(h.Timeout), Failures: h.Failures}
}

func (s Stop) resolve() release.Stop {
	return release.Stop{Signal: s.Signal, Grace: time.Duration(s.Grace)}
}

func checkPositive(d Duration, path string, tell report) {
	if d <= 0 {
		tell(path, "it must be more than 0", "write a duration such as 1s")
	}
}

func checkURLPath(urlPath, path string, tell report) {
	if urlPath != "" && !strings.HasPrefix(urlPath, "/") {
		tell(path, "a path begins with /", "write /"+printable(urlPath))
	}
	if slices.ContainsFunc([]rune(urlPath), func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		tell(path, "a path has no spaces or control characters", "write them as %20 and so on")
	}
}
