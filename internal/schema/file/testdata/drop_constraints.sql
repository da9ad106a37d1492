CREATE TABLE crew (id serial PRIMARY KEY, ship int, place int, name text UNIQUE, pay int CONSTRAINT crew_pay CHECK (pay >= 0), most int CONSTRAINT crew_most CHECK (most > 0),
	CONSTRAINT crew_both CHECK (ship <= place));
INSERT INTO crew (ship, place, name, pay, most) VALUES (1, 2, 'ida', 5, 3);
-- window: INSERT INTO cutover_drop_constraints.crew (ship, place, name, pay) VALUES (9, 3, 'kim', -1) RETURNING ship || ' ' || pay => 9 -1
-- window: SELECT ship || ' ' || pay FROM crew WHERE name = 'kim' => 3 0
-- after: SELECT string_agg(conname, ',') FROM pg_constraint WHERE conrelid = 'crew'::regclass => crew_pkey
-- after: SELECT ship || ' ' || place || ' ' || pay FROM crew => 1 2 5
-- after: SELECT relreplident::text FROM pg_class WHERE relname = 'crew' => f
