package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"

	"cutover/internal/backup"
)

// ErrNoStatements says that the database does not collect what is run on it.
var ErrNoStatements = errors.New("the database has no pg_stat_statements: add it to shared_preload_libraries and create the extension, or give a statement log")

const collected = `SELECT s.query, sum(s.calls)::int8, coalesce((SELECT substr(line, 13) FROM pg_db_role_setting x CROSS JOIN LATERAL unnest(x.setconfig) AS u(line)
		WHERE line LIKE 'search_path=%%' AND x.setrole IN (s.userid, 0) AND x.setdatabase IN (s.dbid, 0) ORDER BY x.setdatabase = 0, x.setrole = 0 LIMIT 1), '')
	FROM %s.pg_stat_statements s WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY 1, 3 ORDER BY 2 DESC LIMIT %d`

// Observed reads from pg_stat_statements what was run on a database. Nothing
// tells there which code ran it: statements of people are among them.
func Observed(ctx context.Context, s backup.Source) (Usage, error) {
	u := Usage{From: "pg_stat_statements"}
	conn, err := s.Connect(ctx)
	if err != nil {
		return u, err
	}
	defer closeConn(conn)
	var schema string
	err = conn.QueryRow(ctx, "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'").Scan(&schema)
	if errors.Is(err, pgx.ErrNoRows) {
		return u, ErrNoStatements
	}
	if err != nil {
		return u, fmt.Errorf("look for pg_stat_statements: %w", err)
	}
	rows, err := conn.Query(ctx, fmt.Sprintf(collected, pgx.Identifier{schema}.Sanitize(), most))
	if err != nil {
		return u, fmt.Errorf("read pg_stat_statements: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OldStatement])
	if err != nil {
		return u, fmt.Errorf("read pg_stat_statements: %w", err)
	}
	hidden := 0
	for _, o := range list {
		if o.Text == "<insufficient privilege>" {
			hidden++
			continue
		}
		if preparable.MatchString(o.Text) {
			u.Statements = append(u.Statements, o)
		}
	}
	if hidden > 0 {
		u.Missing = "statements of other roles: grant pg_read_all_stats to see them"
	}
	return u, nil
}

// longestFile is the largest file of statements that is read, in bytes.
const longestFile = 1 << 30

// Listed reads statements from a file of SQL, one after the other, each ended
// by a semicolon.
func Listed(path string) (Usage, error) {
	u := Usage{From: path}
	file, err := os.Open(path)
	if err != nil {
		return u, fmt.Errorf("read the statements: %w", err)
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, longestFile))
	if err != nil {
		return u, fmt.Errorf("read the statements: %w", err)
	}
	for _, text := range split(string(data)) {
		if preparable.MatchString(plain(text)) {
			u.Statements = append(u.Statements, OldStatement{Text: text})
		}
	}
	return u, nil
}

// split cuts a text at its semicolons, but for those in texts, names and
// comments.
func split(sql string) []string {
	var out []string
	begin, at := 0, 0
	cut := func(end int) {
		if text := strings.TrimSpace(sql[begin:end]); text != "" {
			out = append(out, text)
		}
	}
	for at < len(sql) {
		next := literals.FindStringIndex(sql[at:])
		end := len(sql)
		if next != nil {
			end = at + next[0]
		}
		for i := at; i < end; i++ {
			if sql[i] == ';' {
				cut(i)
				begin = i + 1
			}
		}
		if next == nil {
			break
		}
		token := sql[at+next[0] : at+next[1]]
		at += next[1]
		if len(token) > 1 && token[0] == '$' && strings.HasSuffix(token, "$") {
			close := strings.Index(sql[at:], token)
			if close < 0 {
				break
			}
			at += close + len(token)
		}
	}
	cut(len(sql))
	return out
}
