CREATE TABLE berths (id serial PRIMARY KEY, place text NOT NULL, long float8 NOT NULL, wide float8 NOT NULL);
INSERT INTO berths (place, long, wide) VALUES ('A/1', 10, 3), ('B', 20, 4);
CREATE TABLE ships (id int PRIMARY KEY, name text, master text);
CREATE TABLE papers (ship int UNIQUE REFERENCES ships, number int);
INSERT INTO ships VALUES (1, 'Astrid', 'ida'), (2, 'Berta', NULL), (3, 'Carla', 'joe');
INSERT INTO papers VALUES (1, 11), (2, 22);
-- window: UPDATE ships SET master = 'kim' WHERE id = 1 RETURNING (SELECT captain FROM papers WHERE ship = 1) => IDA
-- window: SELECT captain FROM papers WHERE ship = 1 => KIM
-- window: INSERT INTO papers VALUES (3, 33) RETURNING captain => JOE
-- window: UPDATE papers SET captain = 'LEO' WHERE ship = 2 RETURNING number => 22
-- window: SELECT master FROM ships WHERE id = 2 => leo
-- window: INSERT INTO berths (pier, slot, size) VALUES ('C', 7, '(1,2)') RETURNING place || long || wide => C/712
-- after: SELECT string_agg(coalesce(captain, '-'), ',' ORDER BY ship) FROM papers => IDA,-
-- after: SELECT string_agg(pier || coalesce(slot::text, '-') || size::text, ',' ORDER BY id) FROM berths => A1(10,3),B-(20,4)
-- after: SELECT count(*) FROM pg_attribute WHERE attrelid = 'ships'::regclass AND attname = 'master' AND NOT attisdropped => 0
