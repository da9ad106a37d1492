// Package native runs the migrations an application brings along, such as
// those of Alembic, Django or Flyway, under a budget of locks and time, and
// looks at what they say of themselves before and after.
package native

import (
	"errors"
	"fmt"
	"strings"

	"cutover/internal/environ"
)

// Command is a program with what it needs to run.
type Command struct {
	// Args is the program and its arguments. It is not run by a shell.
	Args []string
	// Dir is where it runs: the folder of the artefact it belongs to.
	Dir string
	// Env holds NAME=value. A value may be a reference, env:NAME or
	// file:/path; what that stands for is masked in the output.
	Env []string
	// Secrets are further texts to mask in the output.
	Secrets []string
}

// Given reports whether there is a command at all.
func (c Command) Given() bool { return len(c.Args) > 0 }

// environment returns what the program finds in its environment, and what of
// it must not be shown.
func (c Command) environment(b Budget) (env, secrets []string, err error) {
	env, secrets = environ.Base(), append(secrets, c.Secrets...)
	options := ""
	for _, entry := range c.Env {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || name == "" {
			return nil, nil, errors.New("an entry of the environment is not NAME=value")
		}
		if environ.IsReference(value) {
			if value, err = environ.Resolve(value); err != nil {
				return nil, nil, fmt.Errorf("variable %s: %w", name, err)
			}
			secrets = append(secrets, value)
		}
		if name == "PGPASSWORD" {
			secrets = append(secrets, value)
		}
		if name == "PGOPTIONS" {
			options = value + " "
			continue
		}
		env = append(env, name+"="+value)
	}
	return append(env, b.variables(options)...), secrets, nil
}
