package rehearsal

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cutover/internal/backup"
	"cutover/internal/environ"
	"cutover/internal/schema/native"
)

// Native is a migration program that is to run on the clone instead of the
// database it usually works on.
type Native struct {
	Command native.Command
	// Variables are the names, in the command's Env, of those that tell it
	// where its database is: an address, a line such as "host=h dbname=d", or
	// just the database's name. In the rehearsal they lead to the clone, as
	// PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE always do.
	Variables []string
	// Production is the database it must not reach. A variable that leads
	// there and is not among Variables is refused.
	Production backup.Source
	Budget     native.Budget
}

// Step returns the program as a step.
func (n Native) Step(name string) Step {
	return Step{Name: name, Run: func(ctx context.Context, clone backup.Source) (string, error) {
		c, err := n.redirected(clone)
		if err != nil {
			return "", err
		}
		r, err := native.Run(ctx, c, n.Budget)
		return r.Output, err
	}}
}

// Script is a file of SQL, run by psql as a person would run it.
type Script struct {
	// Path is the file.
	Path string
	// OneTransaction runs all of it in one transaction.
	OneTransaction bool
	Budget         native.Budget
}

// Step returns the file as a step.
func (s Script) Step(name string) Step {
	args := []string{"psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=" + s.Path}
	if s.OneTransaction {
		args = append(args, "--single-transaction")
	}
	return Native{Command: native.Command{Args: args}, Budget: s.Budget}.Step(name)
}

// redirected returns the command with everything that names the database
// leading to the clone.
func (n Native) redirected(clone backup.Source) (native.Command, error) {
	to, err := newWay(n.Production, clone)
	if err != nil {
		return native.Command{}, err
	}
	c := n.Command
	c.Env, c.Secrets = nil, slices.Clone(c.Secrets)
	for _, entry := range n.Command.Env {
		name, value, _ := strings.Cut(entry, "=")
		if to.overrides(name) && !slices.Contains(n.Variables, name) {
			continue
		}
		if environ.IsReference(value) {
			if value, err = environ.Resolve(value); err != nil {
				return native.Command{}, fmt.Errorf("variable %s: %w", name, err)
			}
			c.Secrets = append(c.Secrets, value)
		}
		switch {
		case slices.Contains(n.Variables, name):
			if value, err = to.redirect(value); err != nil {
				return native.Command{}, fmt.Errorf("variable %s: %w", name, err)
			}
			c.Secrets = append(c.Secrets, passwords(value)...)
		case to.leadsHome(value):
			return native.Command{}, fmt.Errorf("variable %s leads to the database that is in use: name it among those that lead to the database, so that the rehearsal can send it to the clone", name)
		}
		c.Env = append(c.Env, name+"="+value)
	}
	for _, name := range n.Variables {
		if !slices.ContainsFunc(c.Env, func(e string) bool { return strings.HasPrefix(e, name+"=") }) {
			c.Env = append(c.Env, name+"="+to.dsn)
		}
	}
	c.Env = append(c.Env, to.libpq()...)
	if to.password != "" {
		c.Secrets = append(c.Secrets, to.password)
	}
	return c, nil
}
