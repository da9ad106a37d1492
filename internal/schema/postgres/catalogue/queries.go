package catalogue

// own says which schemas belong to people: n is pg_namespace.
const own = `n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'cutover_rehearsal')`

// notOfExtension leaves out what an extension brought along.
const notOfExtension = `NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = c.oid AND e.classid = 'pg_class'::regclass AND e.deptype = 'e')`

const tablesQuery = `SELECT c.oid, n.nspname, c.relname,
		CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END,
		c.reltuples::float8, c.relpages::int8 * current_setting('block_size')::int8,
		CASE WHEN c.relkind IN ('r', 'm') THEN coalesce(pg_relation_size(c.oid), 0) ELSE 0 END,
		CASE WHEN c.relkind IN ('r', 'm') THEN coalesce(pg_total_relation_size(c.oid), 0) ELSE 0 END,
		CASE WHEN c.relkind IN ('r', 'm') THEN coalesce(pg_relation_filenode(c.oid), 0) ELSE 0 END,
		CASE WHEN c.relispartition THEN coalesce((SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid), 0) ELSE 0 END,
		c.relrowsecurity, CASE WHEN c.relkind IN ('v', 'm') THEN coalesce(pg_get_viewdef(c.oid), '') ELSE '' END
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' AND ` + own + ` AND ` + notOfExtension + ` ORDER BY 2, 3`

const columnsQuery = `SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull OR t.typnotnull,
		CASE WHEN a.attgenerated = '' THEN coalesce(pg_get_expr(d.adbin, d.adrelid), t.typdefault, '') ELSE '' END, a.attgenerated <> '',
		CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' ELSE '' END
	FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
		LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND ` + own + ` ORDER BY 1, 2`

const constraintsQuery = `SELECT k.conrelid, k.oid, k.conname,
		CASE k.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' ELSE 'exclusion' END,
		pg_get_constraintdef(k.oid), coalesce((SELECT array_agg(a.attname ORDER BY x.i) FROM unnest(k.conkey) WITH ORDINALITY x(n, i)
			JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.n), '{}')::text[], k.confrelid, k.convalidated
	FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE k.conrelid <> 0 AND k.contype IN ('c', 'f', 'p', 'u', 'x') AND ` + own + ` ORDER BY 1, 3`

const indexesQuery = `SELECT x.indrelid, c.oid, c.relname, pg_get_indexdef(c.oid), x.indisunique, x.indisvalid AND x.indisready,
		CASE WHEN c.relkind = 'i' THEN coalesce(pg_relation_size(c.oid), 0) ELSE 0 END
	FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + own + ` ORDER BY 1, 3`

const triggersQuery = `SELECT t.tgrelid, t.tgname, pg_get_triggerdef(t.oid)
	FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND ` + own + ` ORDER BY 1, 2`

// dependentsQuery lists table, column ("" for the whole), kind and name.
const dependentsQuery = `WITH d AS (
		SELECT d.classid, d.objid, d.objsubid, d.refobjid AS rel, coalesce(a.attname, '')::text AS col FROM pg_depend d
			JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') JOIN pg_namespace n ON n.oid = c.relnamespace
			LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
			WHERE d.refclassid = 'pg_class'::regclass AND ` + own + `)
	SELECT d.rel, d.col, 'view' AS kind, r.ev_class::regclass::text AS name FROM d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid WHERE r.ev_class <> d.rel
	UNION SELECT d.rel, d.col, 'generated column', a.attname FROM d JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
		JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum WHERE a.attgenerated <> '' AND d.col <> '' AND a.attname <> d.col
	UNION SELECT d.rel, d.col, 'generated column', a.attname FROM d JOIN pg_attribute a ON d.classid = 'pg_class'::regclass AND d.objid = a.attrelid AND a.attnum = d.objsubid
		WHERE a.attgenerated <> '' AND d.objid = d.rel AND d.col <> '' AND a.attname <> d.col
	UNION SELECT d.rel, d.col, 'policy', o.polname FROM d JOIN pg_policy o ON d.classid = 'pg_policy'::regclass AND d.objid = o.oid WHERE d.col <> ''
	UNION SELECT d.rel, d.col, 'trigger', t.tgname FROM d JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid WHERE d.col <> '' AND NOT t.tgisinternal
	UNION SELECT d.rel, d.col, 'function', p.oid::regprocedure::text FROM d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
	UNION SELECT k.confrelid, a.attname, 'foreign key of ' || k.conrelid::regclass::text, k.conname FROM pg_constraint k
		JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey) WHERE k.contype = 'f' AND k.conparentid = 0`

// partialPublications adds publications of some columns or rows only.
const partialPublications = `
	UNION SELECT c.oid, '', 'publication', b.pubname FROM pg_publication_tables b JOIN pg_namespace n ON n.nspname = b.schemaname JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = b.tablename
		WHERE b.rowfilter IS NOT NULL OR cardinality(b.attnames) < (SELECT count(*) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '')`

const objectsQuery = `SELECT p.oid, 'function', p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE ` + own + ` AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = p.oid AND e.classid = 'pg_proc'::regclass AND e.deptype = 'e')
	UNION ALL SELECT c.oid, 'sequence', n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND ` + own + ` AND ` + notOfExtension + `
	UNION ALL SELECT n.oid, 'schema', n.nspname FROM pg_namespace n WHERE ` + own + ` ORDER BY 2, 3`

const enumsQuery = `SELECT t.oid, format_type(t.oid, NULL), array_agg(e.oid ORDER BY e.enumsortorder), array_agg(e.enumlabel ORDER BY e.enumsortorder)::text[]
	FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ` + own + ` GROUP BY t.oid ORDER BY 2`

const domainsQuery = `SELECT t.oid, format_type(t.oid, NULL), concat_ws(' ', CASE WHEN t.typnotnull THEN 'NOT NULL' END,
		(SELECT string_agg(pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
	FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND ` + own + ` ORDER BY 2`
