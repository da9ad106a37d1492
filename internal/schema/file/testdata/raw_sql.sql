CREATE TABLE ships (id int PRIMARY KEY);
-- window: SELECT knots(18.52) => 10
-- after: SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'ships'::regclass AND attname = 'built' => date
