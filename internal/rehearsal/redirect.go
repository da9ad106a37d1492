package rehearsal

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"cutover/internal/backup"
)

// redirection leads addresses of one database to another.
type redirection struct {
	// dsn and clone are the other one, with its secrets.
	dsn      string
	clone    *url.URL
	name     string
	password string
	// home is the name of the database that is not to be reached any more, ""
	// if there is none.
	home string
	// near says that both are on one server, so that the rest of an address
	// can stay.
	near bool
}

func newWay(production, clone backup.Source) (redirection, error) {
	r := redirection{near: true}
	var err error
	if r.dsn, err = clone.DSN(); err != nil {
		return r, err
	}
	if r.clone, err = url.Parse(r.dsn); err != nil {
		return r, errors.New("read the address of the clone")
	}
	if r.name, err = clone.Name(); err != nil {
		return r, err
	}
	r.password, _ = r.clone.User.Password()
	if r.password == "" {
		r.password = r.clone.Query().Get("password")
	}
	if production.URL == "" {
		return r, nil
	}
	if r.home, err = production.Name(); err != nil {
		return r, err
	}
	home, err := url.Parse(production.URL)
	if err != nil {
		return r, errors.New("read the address of the database")
	}
	r.near = home.Host == r.clone.Host && home.Query().Get("host") == r.clone.Query().Get("host") && home.Query().Get("port") == r.clone.Query().Get("port")
	return r, nil
}

var keyword = regexp.MustCompile(`(^|\s)dbname\s*=\s*('[^']*'|\S+)`)

// redirect returns value, in its own form, leading to the clone.
func (r redirection) redirect(value string) (string, error) {
	if u, prefix, ok := address(value); ok {
		return prefix + r.sent(u).String(), nil
	}
	if keyword.MatchString(value) {
		if !r.near {
			return "", errors.New("it cannot be led to another server: write it as postgres://user@host:port/database")
		}
		return keyword.ReplaceAllString(value, "${1}dbname="+r.name), nil
	}
	if strings.ContainsAny(value, "=/ ") {
		return "", errors.New("it is neither an address such as postgres://user@host:port/database, nor a line with dbname=, nor a database's name")
	}
	return r.name, nil
}

// sent returns an address with everything replaced that names the database.
func (r redirection) sent(u *url.URL) *url.URL {
	out := *u
	query := u.Query()
	query.Del("dbname")
	out.Path = "/" + r.name
	if !r.near {
		out.Host, out.User = r.clone.Host, r.clone.User
		for _, name := range []string{"host", "port", "user", "password"} {
			query.Del(name)
			if v := r.clone.Query().Get(name); v != "" {
				query.Set(name, v)
			}
		}
	}
	out.RawQuery = query.Encode()
	return &out
}

// leadsHome reports whether a value is an address of the database in use.
func (r redirection) leadsHome(value string) bool {
	if r.home == "" {
		return false
	}
	if u, _, ok := address(value); ok {
		return strings.TrimPrefix(u.Path, "/") == r.home || u.Query().Get("dbname") == r.home
	}
	m := keyword.FindStringSubmatch(value)
	return m != nil && strings.Trim(m[2], "'") == r.home
}

// address reads an address of a PostgreSQL database, as libraries write it:
// postgresql+psycopg2://…, jdbc:postgresql://…
func address(value string) (u *url.URL, prefix string, ok bool) {
	rest, jdbc := strings.CutPrefix(value, "jdbc:")
	if jdbc {
		prefix = "jdbc:"
	}
	u, err := url.Parse(rest)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") && !strings.HasPrefix(u.Scheme, "postgis") {
		return nil, "", false
	}
	return u, prefix, true
}

// passwords returns what in an address must not be shown.
func passwords(value string) []string {
	u, _, ok := address(value)
	if !ok {
		return nil
	}
	list := []string{u.Query().Get("password")}
	if secret, set := u.User.Password(); set {
		list = append(list, secret)
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

// overrides reports whether a variable of libpq is set for the clone.
func (r redirection) overrides(name string) bool {
	switch name {
	case "PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGPASSWORD", "PGPASSFILE", "PGDATABASE", "PGSERVICE":
		return true
	}
	return false
}

// libpq returns the variables that lead programs built on libpq to the clone.
func (r redirection) libpq() []string {
	query := r.clone.Query()
	env := []string{"PGDATABASE=" + r.name}
	set := func(name string, values ...string) {
		for _, v := range values {
			if v != "" {
				env = append(env, fmt.Sprintf("%s=%s", name, v))
				return
			}
		}
	}
	set("PGHOST", query.Get("host"), r.clone.Hostname())
	set("PGPORT", query.Get("port"), r.clone.Port())
	set("PGUSER", query.Get("user"), r.clone.User.Username())
	set("PGPASSWORD", r.password)
	set("PGSSLMODE", query.Get("sslmode"))
	set("PGSSLROOTCERT", query.Get("sslrootcert"))
	return env
}
