package environ

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cutover/internal/release"
)

// InstanceVariable tells a program, and all it starts, which instance it is.
const InstanceVariable = "CUTOVER_INSTANCE"

// Identify sets the variables that tell an instance of the order who it is.
func Identify(set map[string]string, order release.StartOrder, id string) {
	set["CUTOVER_APP"] = order.App
	set["CUTOVER_VERSION"] = order.Version
	set["CUTOVER_SIDE"] = string(order.Side)
	if order.Component != "" {
		set["CUTOVER_COMPONENT"] = order.Component
	}
	set[InstanceVariable] = id
}

// List returns the variables as NAME=value, sorted by name. It refuses a value
// that no program can be given.
func List(set map[string]string) ([]string, error) {
	env := make([]string, 0, len(set))
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if strings.ContainsRune(set[name], 0) {
			return nil, fmt.Errorf("the variable %s has a NUL byte in its value: no program can be given that", name)
		}
		env = append(env, name+"="+set[name])
	}
	return env, nil
}

// Add sets vars, with placeholders filled in. It resolves every reference, and names all that cannot be resolved.
func Add(set map[string]string, vars []release.EnvVar, fill *strings.Replacer) error {
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
		value, err := Resolve(v.Ref)
		if err != nil {
			failed = append(failed, fmt.Errorf("resolve %s: %w", v.Name, err))
		}
		set[v.Name] = value
	}
	return errors.Join(failed...)
}

// AddFile reads lines of NAME=value. Blank lines and lines beginning
// with # are skipped, "export" before the name and one pair of quotes around
// the value are dropped, everything else is taken as it stands.
func AddFile(set map[string]string, file, content string) error {
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

// References lists where the artefact's secrets come from.
func References(a release.Artefact) []string {
	var refs []string
	for _, v := range a.Env {
		if v.Ref != "" {
			refs = append(refs, v.Ref)
		}
	}
	return refs
}
