package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// settings gives the clone what ALTER DATABASE has set for the original, such
// as a search_path: neither a template nor a dump brings that along. What this
// role may not set stays as it is.
func (o Origin) settings(ctx context.Context, c *clone) error {
	name, err := o.Production.Name()
	if err != nil {
		return err
	}
	conn, err := c.maintain(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	const query = `SELECT coalesce(r.rolname, ''), s.setting FROM pg_db_role_setting x JOIN pg_database d ON d.oid = x.setdatabase
		CROSS JOIN LATERAL unnest(x.setconfig) AS s(setting) LEFT JOIN pg_roles r ON r.oid = x.setrole WHERE d.datname = $1`
	rows, err := conn.Query(ctx, query, name)
	if err != nil {
		return fmt.Errorf("read the settings of the database: %w", err)
	}
	type setting struct{ Role, Line string }
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[setting])
	if err != nil {
		return fmt.Errorf("read the settings of the database: %w", err)
	}
	for _, s := range list {
		_, err := conn.Exec(ctx, alterSetting(c.db.Name, s.Role, s.Line))
		var server *pgconn.PgError
		if errors.As(err, &server) && server.Code == "42501" {
			continue
		}
		if err != nil {
			return fmt.Errorf("give the clone the setting %s: %w", s.Line, err)
		}
	}
	return nil
}

// lists are settings whose value is a list of names, which SET takes apart.
var lists = map[string]bool{"search_path": true, "temp_tablespaces": true, "session_preload_libraries": true, "local_preload_libraries": true, "DateStyle": true}

func alterSetting(database, role, line string) string {
	name, value, _ := strings.Cut(line, "=")
	target := "DATABASE " + pgx.Identifier{database}.Sanitize()
	if role != "" {
		target = "ROLE " + pgx.Identifier{role}.Sanitize() + " IN " + target
	}
	if !lists[name] {
		value = "'" + strings.ReplaceAll(value, "'", "''") + "'"
	} else if value == "" {
		value = "''"
	}
	return fmt.Sprintf("ALTER %s SET %s = %s", target, pgx.Identifier(strings.Split(name, ".")).Sanitize(), value)
}

// rights closes the clone, which has the data of the original, to everybody
// who may not sign in there. Where the original is on another server, only the
// clone's owner may.
func (o Origin) rights(ctx context.Context, c *clone) error {
	conn, err := c.maintain(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	target := " ON DATABASE " + pgx.Identifier{c.db.Name}.Sanitize()
	if _, err := conn.Exec(ctx, "REVOKE ALL"+target+" FROM PUBLIC"); err != nil {
		return fmt.Errorf("close the clone to others: %w", err)
	}
	if !o.near() {
		return nil
	}
	name, err := o.Production.Name()
	if err != nil {
		return err
	}
	const query = `SELECT a.privilege_type, coalesce(r.rolname, '') FROM pg_database d CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
		LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE d.datname = $1`
	rows, err := conn.Query(ctx, query, name)
	if err != nil {
		return fmt.Errorf("read who may sign in: %w", err)
	}
	type grant struct{ Privilege, Role string }
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[grant])
	if err != nil {
		return fmt.Errorf("read who may sign in: %w", err)
	}
	for _, g := range list {
		to := "PUBLIC"
		if g.Role != "" {
			to = pgx.Identifier{g.Role}.Sanitize()
		}
		if _, err := conn.Exec(ctx, "GRANT "+g.Privilege+target+" TO "+to); err != nil {
			return fmt.Errorf("let %s in: %w", to, err)
		}
	}
	return nil
}
