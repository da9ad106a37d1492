CREATE TABLE ledgers (id int PRIMARY KEY);
CREATE TABLE ledger_lines (id int PRIMARY KEY, ledger int REFERENCES ledgers);
CREATE TABLE boats (id int PRIMARY KEY, name text);
INSERT INTO boats VALUES (1, 'Astrid');
-- window: INSERT INTO ships VALUES (2, 'Berta') RETURNING name => Berta
-- after: SELECT count(*) FROM ships => 1
-- after: SELECT count(*) FROM pg_class WHERE relname IN ('boats', 'ledgers', 'ledger_lines') => 0
