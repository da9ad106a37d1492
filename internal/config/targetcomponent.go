package config

import "strings"

// TargetComponent is what a release sets for a worker or singleton. It wins
// over what the app says.
type TargetComponent struct {
	// The command, in place of the component's.
	Command Command `json:"command,omitzero"`
	// Run this command, one text, by sh -c.
	Shell bool `json:"shell,omitempty"`
	// The working directory, in place of the component's.
	Dir string `json:"dir,omitempty"`
	// The image, in place of the component's. May contain {{version}} and {{app}}.
	Image string `json:"image,omitempty"`
	// Environment variables, added to the app's and the component's.
	Env map[string]Text `json:"env,omitempty"`
}

// of returns what the release sets for a component of its own.
func (t Target) of(name, front string) TargetComponent {
	if name == front {
		return TargetComponent{Command: t.Command, Shell: t.Shell, Dir: t.Dir, Image: t.Image}
	}
	return t.Components[name]
}

func (t TargetComponent) validate(tell report) {
	checkEnv(t.Env, "env", tell)
	checkPlaceholders(t.Dir, "dir", pathPlaceholders, tell)
	if t.Image != "" {
		checkImage(t.Image, "image", tell)
	}
	if t.Shell && !t.Command.given() {
		tell("shell", "there is no command here for the shell", "add command, or write shell in the app's component")
	}
	if !t.Command.given() {
		return
	}
	args, err := t.Command.args(t.Shell)
	if err != nil {
		reason, cure := explain(err, "")
		tell("command", reason, cure)
	}
	checkPlaceholders(strings.Join(args, " "), "command", startPlaceholders, tell)
}
