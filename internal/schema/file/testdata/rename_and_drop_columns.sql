CREATE TABLE ships (id serial PRIMARY KEY, nm text NOT NULL, legacy text NOT NULL, CONSTRAINT nm_length CHECK (length(nm) > 2));
CREATE INDEX by_nm ON ships (nm);
INSERT INTO ships (nm, legacy) VALUES ('Astrid', 'a');
-- window: INSERT INTO ships (name) VALUES ('Berta') RETURNING nm || legacy => BertaL2
-- after: SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = 'ships'::regclass AND attnum > 0 AND NOT attisdropped => id,name
-- after: SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'name_length' => CHECK ((length(name) > 2))
-- after: SELECT pg_get_indexdef('by_nm'::regclass) => CREATE INDEX by_nm ON public.ships USING btree (name)
