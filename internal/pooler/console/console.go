// Package console speaks with the console of a PgBouncer.
package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"cutover/internal/environ"
)

// Conn is a connection to a console. Open makes one. It is for one goroutine.
type Conn struct {
	conn    *pgconn.PgConn
	secrets []string
	user    string
}

// Row is one line that the console answers with, by column.
type Row map[string]string

const example = "postgres://stats@127.0.0.1:6432/pgbouncer"

// Check says what is wrong with the address of a console, without asking
// anybody; nil for nothing.
func Check(at string) error {
	if environ.IsReference(at) {
		return environ.CheckReference(at)
	}
	config, err := pgconn.ParseConfig(at)
	switch {
	case err != nil:
		return errors.New("the console's address cannot be read: write env:NAME, or one such as " + example)
	case config.Password != "":
		return errors.New("the console's address has a password in it: write env:NAME or file:/path")
	}
	return leads(config)
}

// leads says why an address is not that of a console.
func leads(config *pgconn.Config) error {
	if config.Database != "pgbouncer" {
		return fmt.Errorf("the address leads to the database %q: the console is the database pgbouncer", config.Database)
	}
	return nil
}

// Resolve returns how the console at an address is reached. The config may
// hold a password.
func Resolve(at string) (config *pgconn.Config, secrets []string, err error) {
	if environ.IsReference(at) {
		secret, err := environ.Resolve(at)
		if err != nil {
			return nil, nil, fmt.Errorf("find the console's address: %w", err)
		}
		at, secrets = secret, []string{secret}
	}
	config, err = pgconn.ParseConfig(at)
	if err != nil {
		return nil, nil, errors.New("the console's address cannot be read: write one such as " + example)
	}
	return config, append(secrets, config.Password), nil
}

// Open connects to the console at an address or reference. The error says what
// helps and holds no secret.
func Open(ctx context.Context, at string) (*Conn, error) {
	config, secrets, err := Resolve(at)
	if err != nil {
		return nil, err
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		if ctx.Err() != nil {
			return nil, errors.New("PgBouncer did not answer in time")
		}
		return nil, errors.New(environ.Mask(fmt.Sprintf("PgBouncer cannot be reached: %v; %s", err, cure(err)), secrets...))
	}
	return &Conn{conn: conn, secrets: secrets, user: config.User}, nil
}

// User is who the connection is for.
func (c *Conn) User() string { return c.user }

// cure is what helps against an error of a connection.
func cure(err error) string {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return "see that it runs and that the address is right"
	}
	text := refused.Message
	switch {
	case refused.Code == "3D000" || strings.Contains(text, `database "pgbouncer" does not exist`):
		return "that is no PgBouncer but PostgreSQL itself: write PgBouncer's own address and port"
	case strings.Contains(text, "not allowed"):
		return "add the user to admin_users in PgBouncer's configuration"
	case strings.Contains(text, "auth"), strings.Contains(text, "no such user"), strings.Contains(text, "password"):
		return "correct the user and password that the address refers to: they have to be in PgBouncer's auth_file"
	}
	return "see what PgBouncer's log says"
}

// Show returns what SHOW answers with, for a word such as POOLS.
func (c *Conn) Show(ctx context.Context, what string) ([]Row, error) {
	results, err := c.exec(ctx, "SHOW "+what)
	if err != nil {
		return nil, fmt.Errorf("%w; the user must be among stats_users or admin_users", err)
	}
	var rows []Row
	for _, result := range results {
		for _, values := range result.Rows {
			row := Row{}
			for i, v := range values {
				row[result.FieldDescriptions[i].Name] = string(v)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// Do carries out a command such as PAUSE. The console answers when it is done.
func (c *Conn) Do(ctx context.Context, command string) error {
	_, err := c.exec(ctx, command)
	return err
}

func (c *Conn) exec(ctx context.Context, command string) ([]*pgconn.Result, error) {
	results, err := c.conn.Exec(ctx, command).ReadAll()
	if err == nil {
		return results, nil
	}
	var refused *pgconn.PgError
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: PgBouncer did not answer in time: %w", command, ctx.Err())
	case errors.As(err, &refused):
		return nil, fmt.Errorf("%s: %w", command, &Refusal{environ.Mask(refused.Message, c.secrets...)})
	}
	return nil, errors.New(environ.Mask(fmt.Sprintf("%s: %v", command, err), c.secrets...))
}

// Refusal is what the console says to a command it does not carry out.
type Refusal struct{ Message string }

func (r *Refusal) Error() string { return r.Message }

// Close ends the connection. What the console is asked to do goes on.
func (c *Conn) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// There is nothing left that could be lost with it.
	_ = c.conn.Close(ctx)
}

// Quote returns a database's name as the console reads it.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
