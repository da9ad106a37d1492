CREATE TABLE flags (code text PRIMARY KEY);
INSERT INTO flags VALUES ('NO'), ('SE');
CREATE TABLE ships (id serial PRIMARY KEY, name text NOT NULL);
INSERT INTO ships (name) VALUES ('astrid'), ('berta');
-- window: INSERT INTO ships (name) VALUES ('carla') RETURNING title || letters || flag => Carla5NO
-- after: SELECT string_agg(title, ',' ORDER BY id) FROM ships => Astrid,Berta
-- after: SELECT string_agg(entry::text, ',' ORDER BY id) FROM ships => 1,2
-- after: SELECT count(*) FROM ships WHERE lot IS NULL => 0
-- after: SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_constraint WHERE conrelid = 'ships'::regclass => ships_call_sign_key,ships_flag,ships_flag_length,ships_pkey,ships_title,ships_title_key
