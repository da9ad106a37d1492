package process

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cutover/internal/environ"
	"cutover/internal/release"
)

// instanceVariable tells a program, and all it starts, which instance it is.
const instanceVariable = "CUTOVER_INSTANCE"

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
	if err := addEnv(set, order.Artefact.Env, fill); err != nil {
		return nil, err
	}
	set["CUTOVER_APP"] = order.App
	set["CUTOVER_VERSION"] = order.Version
	set["CUTOVER_SIDE"] = string(order.Side)
	if order.Component != "" {
		set["CUTOVER_COMPONENT"] = order.Component
	}
	set[instanceVariable] = id
	env := make([]string, 0, len(set))
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if strings.ContainsRune(set[name], 0) {
			return nil, fmt.Errorf("the variable %s has a NUL byte in its value: no program can be given that", name)
		}
		env = append(env, name+"="+set[name])
	}
	return env, nil
}

// addEnv resolves every reference, and names all that cannot be resolved.
func addEnv(set map[string]string, vars []release.EnvVar, fill *strings.Replacer) error {
	var failed []error
	for _, v := range vars {
		if v.Name == "" || strings.ContainsAny(v.Name, "=\x00") {
			failed = append(failed, fmt.Errorf("%q cannot be the name of a variable", v.Name))
			continue
		}
		if v.Ref == "" {
			set[v.Name] = fill.Replace(v.Value)
			continue
		}
		value, err := environ.Resolve(v.Ref)
		if err != nil {
			failed = append(failed, fmt.Errorf("resolve %s: %w", v.Name, err))
		}
		set[v.Name] = value
	}
	return errors.Join(failed...)
}

func (p *Platform) addEnvFile(set map[string]string, file release.File) error {
	if file.Digest == "" {
		return nil
	}
	content, err := p.snapshot(file)
	if err != nil {
		return err
	}
	return parseEnvFile(set, file.Name, string(content))
}

// parseEnvFile reads lines of NAME=value. Blank lines and lines beginning
// with # are skipped, "export" before the name and one pair of quotes around
// the value are dropped, everything else is taken as it stands.
func parseEnvFile(set map[string]string, file, content string) error {
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(content, "\ufeff")) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		// The line itself may hold a secret and is not shown.
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return fmt.Errorf("read %s: line %d is not NAME=value", file, number)
		}
		set[name] = unquote(value)
	}
	return nil
}

func unquote(value string) string {
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		return value[1 : n-1]
	}
	return value
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

// references lists where the artefact's secrets come from.
func references(a release.Artefact) []string {
	var refs []string
	for _, v := range a.Env {
		if v.Ref != "" {
			refs = append(refs, v.Ref)
		}
	}
	return refs
}

func (p *Platform) snapshot(file release.File) ([]byte, error) {
	r, err := p.opt.Snapshots.Open(file.Digest)
	if err != nil {
		return nil, fmt.Errorf("open the snapshot of %s: %w", file.Name, err)
	}
	content, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("read the snapshot of %s: %w", file.Name, err)
	}
	return content, nil
}
