CREATE TABLE ships (id serial PRIMARY KEY, name text, tons int, words tsvector, letters int);
CREATE INDEX ships_old ON ships (tons);
INSERT INTO ships (name, tons, words, letters) VALUES ('Astrid', 20, 'astrid', 6);
-- after: SELECT pg_get_indexdef('ships_sorted'::regclass) => CREATE UNIQUE INDEX ships_sorted ON public.ships USING btree (name COLLATE "C" DESC NULLS LAST, tons NULLS FIRST) WITH (fillfactor='70') WHERE (tons > 10)
-- after: SELECT pg_get_indexdef('ships_words'::regclass) => CREATE INDEX ships_words ON public.ships USING gist (words tsvector_ops (siglen='64'))
-- after: SELECT pg_get_indexdef('ships_brin'::regclass) => CREATE INDEX ships_brin ON public.ships USING brin (tons, id)
-- after: SELECT pg_get_indexdef('ships_letters'::regclass) => CREATE INDEX ships_letters ON public.ships USING btree (letters)
-- after: SELECT count(*) FROM pg_class WHERE relname = 'ships_old' => 0
