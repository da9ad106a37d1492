CREATE TABLE registry (name varchar(60) PRIMARY KEY);
INSERT INTO registry VALUES ('Astrid'), ('nameless'), ('Carla');
CREATE TABLE ports (name text PRIMARY KEY);
INSERT INTO ports VALUES ('Bergen');
CREATE TABLE ships (id serial PRIMARY KEY, name text, port text DEFAULT 'Bergen' REFERENCES ports ON DELETE SET NULL, tons int NOT NULL, note text,
	CONSTRAINT heavy CHECK (tons > 5 OR tons = 0), CONSTRAINT port_tons UNIQUE (port, tons), CHECK (length(name) < 50) NOT VALID);
COMMENT ON COLUMN ships.port IS 'home';
CREATE INDEX ships_name_port ON ships (lower(name) DESC NULLS LAST, port text_pattern_ops) INCLUDE (tons) WITH (fillfactor = 80) WHERE name IS NOT NULL;
CREATE UNIQUE INDEX ships_hash ON ships (tons, id);
INSERT INTO ships (name, tons) VALUES ('Astrid', 10), (NULL, 20);
-- window: INSERT INTO harbour_next.ships (name, port, tons) VALUES ('Carla', 'Bergen', NULL) RETURNING name => Carla
-- window: SELECT name || tons FROM ships WHERE name = 'Carla' => Carla0
-- after: SELECT string_agg(name, ',' ORDER BY id) FROM ships => Astrid,nameless
-- after: SELECT string_agg(conname, ',' ORDER BY conname) FROM pg_constraint WHERE conrelid = 'ships'::regclass => heavy,port_tons,ships_name_check,ships_name_known,ships_name_long,ships_name_once,ships_pkey,ships_port_fkey
-- after: SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ships_port_fkey' => FOREIGN KEY (port) REFERENCES ports(name) ON DELETE SET NULL
-- after: SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ships_name_known' => FOREIGN KEY (name) REFERENCES registry(name) ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
-- after: SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'port_tons' => UNIQUE (port, tons)
-- after: SELECT pg_get_indexdef('ships_name_port'::regclass) => CREATE INDEX ships_name_port ON public.ships USING btree (lower((name)::text) DESC NULLS LAST, port text_pattern_ops) INCLUDE (tons) WITH (fillfactor='80') WHERE (name IS NOT NULL)
-- after: SELECT col_description('ships'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'ships'::regclass AND attname = 'note' => read by nobody
-- after: SELECT count(*) FROM pg_attrdef WHERE adrelid = 'ships'::regclass => 2
