package backup

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// forbidden lists the extensions that the role may not create in a database:
// where owners are not restored, it may be a plain role, and one extension it
// cannot have, such as pg_stat_statements, would make all of it fail.
func forbidden(ctx context.Context, to Source) (map[string]bool, error) {
	conn, err := to.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(conn)
	const query = `SELECT DISTINCT name::text FROM pg_available_extension_versions
		WHERE superuser AND NOT trusted AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)`
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("look which extensions this role may create: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look which extensions this role may create: %w", err)
	}
	list := map[string]bool{}
	for _, name := range names {
		list[name] = true
	}
	return list, nil
}

// allowed returns the options that keep pg_dump from dumping extensions the
// target's role may not create; none if it may create all.
func allowed(ctx context.Context, from, to Source) ([]string, error) {
	not, err := forbidden(ctx, to)
	if err != nil || len(not) == 0 {
		return nil, err
	}
	conn, err := from.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(conn)
	rows, err := conn.Query(ctx, "SELECT extname::text FROM pg_extension")
	if err != nil {
		return nil, fmt.Errorf("list the extensions: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the extensions: %w", err)
	}
	// A pattern is needed even if none is left, as without any all are dumped.
	options := []string{"--extension=plpgsql"}
	for _, name := range names {
		if !not[name] {
			options = append(options, `--extension="`+name+`"`)
		}
	}
	return options, nil
}

// extensionEntry matches a line of a dump's list that is about an extension.
var extensionEntry = regexp.MustCompile(`^\d+; .* (?:EXTENSION -|COMMENT - EXTENSION) (\S+)`)

// without writes the list of a dump's entries, but for extensions the role may
// not create, to a file, and returns the options that name it; none if nothing
// has to be left out. Clean removes the file.
func (f Folder) without(ctx context.Context, restore program, b Backup, to Source) (options []string, clean func(), err error) {
	nothing := func() {}
	not, err := forbidden(ctx, to)
	if err != nil || len(not) == 0 {
		return nil, nothing, err
	}
	out, err := exec.CommandContext(ctx, restore.path, "--list", b.Path()).Output()
	if err != nil {
		return nil, nothing, fmt.Errorf("list what the dump holds: %w", err)
	}
	lines := strings.Split(string(out), "\n")
	left := false
	for i, line := range lines {
		if m := extensionEntry.FindStringSubmatch(line); m != nil && not[m[1]] {
			lines[i], left = ";"+line, true
		}
	}
	if !left {
		return nil, nothing, nil
	}
	folder, err := os.MkdirTemp("", "cutover-restore-")
	if err != nil {
		return nil, nothing, fmt.Errorf("make a folder for the list: %w", err)
	}
	clean = func() { _ = os.RemoveAll(folder) }
	path := folder + "/list"
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		clean()
		return nil, nothing, fmt.Errorf("write the list: %w", err)
	}
	return []string{"--use-list=" + path}, clean, nil
}
