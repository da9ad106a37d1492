package process

import (
	"strconv"
	"strings"

	"cutover/internal/environ"
	"cutover/internal/release"
	"cutover/internal/snapshot"
)

// environment puts an instance's variables together, sorted by name. Later
// ones win: the base, the file, PORT, Env, and what says who the instance is.
func (p *Platform) environment(order release.StartOrder, fill *strings.Replacer, id string, port int) ([]string, error) {
	set := map[string]string{}
	for _, entry := range environ.Base() {
		name, value, _ := strings.Cut(entry, "=")
		set[name] = value
	}
	if err := p.addEnvFile(set, order.Artefact.EnvFile); err != nil {
		return nil, err
	}
	set["PORT"] = strconv.Itoa(port)
	if err := environ.Add(set, order.Artefact.Env, fill); err != nil {
		return nil, err
	}
	environ.Identify(set, order, id)
	return environ.List(set)
}

func (p *Platform) addEnvFile(set map[string]string, file release.File) error {
	if file.Digest == "" {
		return nil
	}
	content, err := snapshot.ReadFrom(p.opt.Snapshots, file)
	if err != nil {
		return err
	}
	return environ.AddFile(set, file.Name, string(content))
}

// lookup returns the value of name in a list of NAME=value.
func lookup(env []string, name string) string {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}
