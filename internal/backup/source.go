package backup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"cutover/internal/environ"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Source says where a database is and how to get in. Its password is never
// shown, stored or written on a command line.
type Source struct {
	// URL is postgres://user@host:port/database, with the options libpq knows
	// as parameters (sslmode, sslrootcert, host for a folder of sockets).
	URL string
	// Password takes precedence over one in the URL.
	Password string
}

// String returns the address without its secrets.
func (s Source) String() string {
	p, err := s.parts()
	if err != nil {
		return "an address that cannot be read"
	}
	return p.address
}

// place is a source taken apart.
type place struct {
	// address has no password, so that it may stand on a command line.
	address, password, database string
}

// parts takes the address apart. Its errors do not quote it.
func (s Source) parts() (place, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return place{}, errors.New("read the address of the database: write it as postgres://user@host:port/database")
	}
	p := place{password: s.Password, database: strings.TrimPrefix(u.Path, "/")}
	query := u.Query()
	if p.database == "" {
		p.database = query.Get("dbname")
	}
	if p.database == "" {
		return place{}, errors.New("read the address of the database: it names no database: write postgres://user@host:port/database")
	}
	if query.Has("passfile") || query.Has("sslpassword") {
		return place{}, errors.New("read the address of the database: give the password by itself, not as passfile or sslpassword")
	}
	if u.User != nil {
		if secret, set := u.User.Password(); set && p.password == "" {
			p.password = secret
		}
		u.User = url.User(u.User.Username())
	}
	if p.password == "" {
		p.password = query.Get("password")
	}
	query.Del("password")
	u.RawQuery = query.Encode()
	p.address = u.String()
	return p, nil
}

// Name returns the database's name.
func (s Source) Name() (string, error) {
	p, err := s.parts()
	return p.database, err
}

// DSN returns the address with its secrets, for a program's environment.
func (s Source) DSN() (string, error) {
	p, err := s.parts()
	if err != nil || p.password == "" {
		return p.address, err
	}
	u, err := url.Parse(p.address)
	if err != nil {
		return "", errors.New("read the address of the database")
	}
	if u.User == nil || u.User.Username() == "" {
		query := u.Query()
		query.Set("password", p.password)
		u.RawQuery = query.Encode()
		return u.String(), nil
	}
	u.User = url.UserPassword(u.User.Username(), p.password)
	return u.String(), nil
}

// Database returns the same server's other database.
func (s Source) Database(name string) (Source, error) {
	p, err := s.parts()
	if err != nil {
		return Source{}, err
	}
	u, err := url.Parse(p.address)
	if err != nil {
		return Source{}, errors.New("read the address of the database")
	}
	query := u.Query()
	query.Del("dbname")
	u.RawQuery, u.Path = query.Encode(), "/"+name
	return Source{URL: u.String(), Password: p.password}, nil
}

// Connect signs in. Errors say what to do and do not tell the password.
func (s Source) Connect(ctx context.Context) (*pgx.Conn, error) {
	p, err := s.parts()
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(p.address)
	if err != nil {
		return nil, fmt.Errorf("read the address %s: %s", p.address, environ.Mask(err.Error(), p.password))
	}
	if p.password != "" {
		config.Password = p.password
	}
	config.RuntimeParams["application_name"] = "cutover backup"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, refusal(p, err)
	}
	return conn, nil
}

// refusal says why nobody could sign in, and what to do.
func refusal(p place, err error) error {
	var server *pgconn.PgError
	if !errors.As(err, &server) {
		return fmt.Errorf("reach the database at %s: %w", p.address, err)
	}
	switch server.Code {
	case "28P01":
		return fmt.Errorf("sign in at %s: the password was refused: set the right one: %w", p.address, err)
	case "28000":
		return fmt.Errorf("sign in at %s: the server does not let this user in from here: see its pg_hba.conf: %w", p.address, err)
	}
	return fmt.Errorf("sign in at %s: %w", p.address, err)
}
