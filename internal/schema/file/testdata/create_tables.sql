CREATE TABLE ships (id int PRIMARY KEY, name text);
CREATE TABLE berths (pier text, name text, PRIMARY KEY (pier, name));
INSERT INTO ships VALUES (1, 'Astrid');
-- after: SELECT count(*) FROM pg_constraint WHERE conrelid = 'voyages'::regclass => 6
-- after: INSERT INTO captains (name) VALUES ('ida') RETURNING id || shout => 100IDA
