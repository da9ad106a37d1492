CREATE TABLE ships (id int PRIMARY KEY);
INSERT INTO ships VALUES (1);
CREATE TABLE crew (ship int, place int, name text, pay int, most int NOT NULL DEFAULT 9, watch int4range);
INSERT INTO crew VALUES (1, 1, 'ida', -5), (1, 2, 'joe', 5);
-- window: INSERT INTO crew (ship, place, name, pay) VALUES (1, 3, 'kim', -1) RETURNING cutover_new_pay => 0
-- after: SELECT string_agg(pg_get_constraintdef(oid), '; ' ORDER BY conname) FROM pg_constraint WHERE conrelid = 'crew'::regclass => PRIMARY KEY (ship, place) INCLUDE (name); UNIQUE NULLS NOT DISTINCT (name, ship) DEFERRABLE INITIALLY DEFERRED; CHECK (((pay >= 0) AND (pay < most))) NO INHERIT; FOREIGN KEY (ship) REFERENCES ships(id) MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL (ship); EXCLUDE USING gist (watch WITH &&) WITH (fillfactor='90') WHERE ((watch IS NOT NULL))
-- after: SELECT string_agg(pay::text, ',' ORDER BY place) FROM crew => 0,5
-- after: SELECT relreplident::text FROM pg_class WHERE relname = 'crew' => i
