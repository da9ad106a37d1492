// Package interior says what an instance finds inside its container, whatever
// runs that: its command, its variables, its files.
package interior

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"cutover/internal/environ"
	"cutover/internal/platform/docker/house"
	"cutover/internal/release"
	"cutover/internal/snapshot"

	"golang.org/x/sys/unix"
)

const (
	// Files is where the artefact's files are, Secrets where secrets that lie
	// in files are.
	Files   = "/run/cutover/files"
	Secrets = "/run/secrets"
)

// Check says why an order can be fulfilled by no container.
func Check(order release.StartOrder) error {
	c := order.Artefact.Container
	switch {
	case c == nil:
		return errors.New("the artefact names no image: say in the app file which image to run")
	case c.Pinned == "":
		return fmt.Errorf("the image %s was not pinned when the release was planned: plan it again with a controller that reaches the Docker daemon", c.Image)
	case !order.Side.Valid():
		return fmt.Errorf("%q is no side", order.Side)
	case order.Component != "" && !house.SafeName(order.Component):
		return fmt.Errorf("%q cannot be the name of a component", order.Component)
	case order.Count < 0:
		return fmt.Errorf("%d is no number of instances", order.Count)
	case !house.SafeName(order.Digest):
		return fmt.Errorf("the digest %q cannot be the name of a folder", order.Digest)
	}
	_, err := StopSignal(order.Artefact.Stop)
	return err
}

// StopSignal is the name by which Docker knows the signal that asks to end.
func StopSignal(stop release.Stop) (string, error) {
	if stop.Signal == "" {
		return "SIGTERM", nil
	}
	full := "SIG" + strings.TrimPrefix(strings.ToUpper(stop.Signal), "SIG")
	if unix.SignalNum(full) == 0 {
		return "", fmt.Errorf("there is no signal %q: write TERM, INT, QUIT or another name kill -l lists", stop.Signal)
	}
	return full, nil
}

// Command is what the image's entry point gets, nil for the image's own.
func Command(order release.StartOrder) []string {
	fill := placeholders(order)
	var args []string
	for _, arg := range order.Artefact.Command {
		args = append(args, fill.Replace(arg))
	}
	return args
}

// placeholders replaces what a command may leave open.
func placeholders(order release.StartOrder) *strings.Replacer {
	return strings.NewReplacer(
		"{{port}}", strconv.Itoa(order.Artefact.Container.Port),
		"{{version}}", order.Version,
		"{{app}}", order.App,
		"{{side}}", string(order.Side),
		"{{files}}", Files,
	)
}

// Environment puts an instance's variables together, sorted by name; those of
// the image come before them all. Later ones win: the file, PORT, Env, and
// what says who the instance is. A secret for which filed is true is in the
// folder Secrets and named by NAME_FILE instead. The result has the values of
// the others: it must never be stored, logged or put into an error.
func Environment(order release.StartOrder, id string, from snapshot.Opener, filed func(release.EnvVar) bool) ([]string, error) {
	a := order.Artefact
	set := map[string]string{}
	if a.EnvFile.Digest != "" {
		content, err := snapshot.ReadFrom(from, a.EnvFile)
		if err != nil {
			return nil, err
		}
		if err := environ.AddFile(set, a.EnvFile.Name, string(content)); err != nil {
			return nil, err
		}
	}
	if a.Container.Port > 0 {
		set["PORT"] = strconv.Itoa(a.Container.Port)
	}
	var vars []release.EnvVar
	for _, v := range a.Env {
		if v.Ref == "" || !filed(v) {
			vars = append(vars, v)
			continue
		}
		// What cannot be read now could not be read later.
		if _, err := environ.Resolve(v.Ref); err != nil {
			return nil, fmt.Errorf("resolve %s: %w", v.Name, err)
		}
		set[v.Name+"_FILE"] = Secrets + "/" + v.Name
	}
	if err := environ.Add(set, vars, placeholders(order)); err != nil {
		return nil, err
	}
	environ.Identify(set, order, id)
	return environ.List(set)
}
