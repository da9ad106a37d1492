package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cutover/internal/release"
)

// Component is one role of an app.
type Component struct {
	// What it is: web serves the users; a worker runs in both versions at once until the old one is retired; a singleton never runs twice, so the old one ends before the new one starts.
	Type string `json:"type,omitempty" jsonschema:"default=web,enum=web,enum=worker,enum=singleton"`
	// The program with its arguments: a list, or one text that is split into words without a shell. May contain {{version}}, {{port}}, {{app}}, {{side}} and {{files}}. A container may do without: it is what the image's entry point gets. Where runtime is command or static, there is none.
	Command Command `json:"command,omitzero" example:"[\"./shop\", \"--port\", \"{{port}}\"]"`
	// Run the command, one text, by sh -c.
	Shell bool `json:"shell,omitempty"`
	// The working directory, relative to the folder of this file; for a container, a folder inside it. May contain {{version}} and {{app}}.
	Dir string `json:"dir,omitempty" jsonschema:"default=."`
	// How many instances each version has when it carries everything.
	Replicas int `json:"replicas,omitempty" jsonschema:"default=1,minimum=1,maximum=1000"`
	// Environment variables of this component, added to the app's. May contain {{side}}, which names the queue of one version, for instance.
	Env map[string]Text `json:"env,omitempty"`
	// How an instance shows that it is ready. A worker or singleton without any is ready while it runs.
	Health Health `json:"health,omitzero"`
	// How an instance is ended.
	Stop Stop `json:"stop,omitzero"`
	// The image of a container. What it means is pinned when a release is planned. May contain {{version}} and {{app}}.
	Image string `json:"image,omitempty"`
	// The port the program listens on inside its container, on all addresses; also {{port}} and PORT.
	Port int `json:"port,omitempty" jsonschema:"minimum=1,maximum=65535"`
	// The networks a container joins; the default bridge if there are none. With runtime swarm they are overlay networks.
	Networks []string `json:"networks,omitempty"`
	// What a container sees of the machine it runs on: SOURCE:TARGET or SOURCE:TARGET:ro, where SOURCE is a path with a slash or the name of a volume.
	Mounts []string `json:"mounts,omitempty"`
	// Who the program runs as inside its container: NAME, UID or UID:GID.
	User string `json:"user,omitempty"`
	// The most that one container gets.
	Limits Resources `json:"limits,omitzero"`
	// Mount the secrets that are file: references, with runtime swarm all references, at /run/secrets/NAME and name them in NAME_FILE, so that docker inspect does not show them.
	SecretFiles bool `json:"secretFiles,omitempty"`
	// Take the container from a service of a Compose file. What is written here wins.
	Compose *Compose `json:"compose,omitempty"`
}

// Health is how an instance shows that it is ready.
type Health struct {
	// The path that answers 2xx or 3xx when ready; without it an open port is enough.
	Path string `json:"path,omitempty"`
	// A command that ends with 0 when ready, run in the instance's folder with its variables. May contain {{version}}, {{port}}, {{app}} and {{side}}.
	Command Command `json:"command,omitzero"`
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
	checkEnv(c.Env, "env", tell)
	if c.Type == singleton && c.Replicas != 1 {
		tell("replicas", fmt.Sprintf("a singleton runs once, not %d times", c.Replicas), "remove replicas, or write type: worker")
	}
	c.Health.validate(tell)
}

// The types of components.
const (
	web       = "web"
	worker    = "worker"
	singleton = "singleton"
)

func (h Health) validate(tell report) {
	checkURLPath(h.Path, "health.path", tell)
	if h.Command.given() {
		args, err := h.Command.args(false)
		if err != nil {
			reason, cure := explain(err, "")
			tell("health.command", reason, cure)
		}
		checkPlaceholders(strings.Join(args, " "), "health.command", probePlaceholders, tell)
		if h.Path != "" {
			tell("health", "a path and a command say two things at once", "remove one of the two")
		}
	}
	checkPositive(h.Every, "health.every", tell)
	checkPositive(h.Timeout, "health.timeout", tell)
}

// health returns what makes an instance of the component ready.
func (c Component) health() release.Health {
	h := release.Health{Path: c.Health.Path, Every: time.Duration(c.Health.Every), Timeout: time.Duration(c.Health.Timeout), Failures: c.Health.Failures}
	if c.Health.Command.given() {
		h.Command, _ = c.Health.Command.args(false) // validated
	}
	h.Running = c.Type != web && h.Path == "" && len(h.Command) == 0
	return h
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
