package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// dependantsQuery lists, by kind and name, what depends on column $2 of table
// $1.
const dependantsQuery = `
		SELECT DISTINCT 'view', r.ev_class::regclass::text FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
			WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND d.refobjsubid = $2
		UNION SELECT 'generated column', a.attname FROM pg_depend d JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
			JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
			WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND d.refobjsubid = $2 AND a.attgenerated <> ''
		UNION SELECT 'generated column', a.attname FROM pg_depend d JOIN pg_attribute a ON d.classid = 'pg_class'::regclass AND d.objid = a.attrelid AND a.attnum = d.objsubid
			WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND d.refobjsubid = $2 AND d.objid = $1 AND a.attgenerated <> ''
		UNION SELECT 'policy', o.polname FROM pg_depend d JOIN pg_policy o ON d.classid = 'pg_policy'::regclass AND d.objid = o.oid
			WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND d.refobjsubid = $2
		UNION SELECT 'trigger', t.tgname FROM pg_depend d JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
			WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND d.refobjsubid = $2 AND t.tgname NOT LIKE 'zz\_cutover\_%'
		UNION SELECT 'statistics object', stxname FROM pg_statistic_ext WHERE stxrelid = $1 AND $2 = ANY (stxkeys::int2[])
		UNION SELECT CASE contype WHEN 'p' THEN 'primary key' WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclusion constraint' WHEN 'u' THEN 'unique constraint' ELSE 'check' END, conname
			FROM pg_constraint WHERE conrelid = $1 AND $2 = ANY (conkey) AND contype <> 't'
		UNION SELECT 'foreign key of ' || conrelid::regclass::text, conname FROM pg_constraint WHERE confrelid = $1 AND $2 = ANY (confkey)
		UNION SELECT 'index', c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
			WHERE x.indrelid = $1 AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
				AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid AND d.refobjid = $1 AND d.refobjsubid = $2)`

// publicationQuery adds publications of some columns or rows only.
const publicationQuery = `
		UNION SELECT 'publication', b.pubname FROM pg_publication_tables b, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE c.oid = $1 AND b.schemaname = n.nspname AND b.tablename = c.relname
				AND (b.rowfilter IS NOT NULL OR cardinality(b.attnames) < (SELECT count(*) FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attgenerated = ''))`

// version returns the server's major version, or 0.
func (s *session) version() int {
	number := s.conn.PgConn().ParameterStatus("server_version")
	end := strings.IndexFunc(number, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(number)
	}
	n, err := strconv.Atoi(number[:end])
	if err != nil {
		return 0
	}
	return n
}

// dependants lists what contract would break, or silently take along, when it
// removes an old column.
func (s *session) dependants(ctx context.Context, p pair, old column, dropped map[string]bool, goesAlong carried) ([]string, error) {
	query := dependantsQuery
	if s.version() >= 15 {
		query += publicationQuery
	}
	rows, err := s.conn.Query(ctx, query+" ORDER BY 1, 2", p.table.oid, old.number)
	if err != nil {
		return nil, fmt.Errorf("looking for what depends on %s: %w", old.name, err)
	}
	defer rows.Close()
	var problems []string
	for rows.Next() {
		var kind, name string
		if err := rows.Scan(&kind, &name); err != nil {
			return nil, err
		}
		if dropped[strings.Trim(name, `"`)] || onColumn(kind) && goesAlong.has(name) {
			continue
		}
		problems = append(problems, fmt.Sprintf("the %s %s depends on the column %s; %s", kind, name, old.name, cure(kind)))
	}
	return problems, rows.Err()
}

// onColumn reports whether a kind of dependant can go along with a column to
// the one that takes its place.
func onColumn(kind string) bool {
	switch kind {
	case "index", "check", "foreign key", "unique constraint":
		return true
	}
	return false
}

// cure says what to do about a dependant.
func cure(kind string) string {
	switch kind {
	case "index":
		return "drop it in this change with drop_index, and create the one new code needs"
	case "check", "foreign key", "unique constraint":
		return "drop it in this change with drop_constraint, and create the one new code needs"
	case "view":
		return "drop the view before this change, and make it again after contract"
	case "primary key":
		return "a key changes together with all that points to it: give the table a second column with add_column and `up` first, and change the keys in a later change"
	case "exclusion constraint":
		return "drop it in this change with drop_constraint"
	}
	if strings.HasPrefix(kind, "foreign key of ") {
		return "drop that key in a change before this one, and create it again after this one"
	}
	return "drop it before this change, and make it again after contract"
}
