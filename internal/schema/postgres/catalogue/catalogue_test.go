package catalogue_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/schema/postgres/catalogue"
	"cutover/internal/testkit"
	"cutover/internal/testkit/postgres"
)

var pg postgres.Server

func TestMain(m *testing.M) { testkit.Main(m, nil, pg.Stop) }

const shop = `CREATE TYPE mood AS ENUM ('sad', 'ok');
	CREATE DOMAIN price AS numeric CHECK (value > 0);
	CREATE TABLE users (id bigserial PRIMARY KEY, email varchar(50), "Nick name" text CONSTRAINT named CHECK ("Nick name" IS NOT NULL), state text NOT NULL DEFAULT 'new',
		twice bigint GENERATED ALWAYS AS (id * 2) STORED, number int GENERATED ALWAYS AS IDENTITY);
	CREATE UNIQUE INDEX users_email ON users (lower(email));
	CREATE TABLE orders (id int PRIMARY KEY, user_id bigint REFERENCES users (id), amount price, note varchar(50));
	CREATE VIEW nicks AS SELECT "Nick name" FROM users;
	CREATE TABLE logs (y int, at timestamptz) PARTITION BY LIST (y);
	CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
	INSERT INTO users (email, "Nick name") SELECT n || '@example.com', 'n' FROM generate_series(1, 300) n;
	INSERT INTO logs SELECT 1, now() FROM generate_series(1, 40);
	CREATE POLICY mine ON users USING (email = current_user);
	CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';`

func database(t *testing.T, sql string) (*pgx.Conn, string) {
	t.Helper()
	dsn := pg.NewDatabase(t)
	conn := pg.Conn(t, dsn)
	run(t, conn, sql)
	return conn, dsn
}

func run(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, conn *pgx.Conn) catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Read(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheCatalogueTellsTheWholeShape(t *testing.T) {
	t.Parallel()
	conn, _ := database(t, shop)
	c := read(t, conn)
	users, ok := c.Named("users")
	if !ok || users.Rows != 300 || users.Bytes <= users.Heap || users.Filenode == 0 || c.Server < 140000 {
		t.Fatalf("users are %+v", users)
	}
	logs, _ := c.Named("public.logs")
	if logs.Kind != "partitioned table" || logs.Rows != 40 || logs.Heap == 0 {
		t.Errorf("the partitioned table is %+v", logs)
	}
	email, _ := users.Column(2)
	if email.Type != "character varying(50)" || email.NotNull || email.Required() {
		t.Errorf("email is %+v", email)
	}
	for number, want := range map[int16]string{1: "nextval('public.users_id_seq'::regclass)", 4: "'new'::text", 5: "", 6: ""} {
		if k, _ := users.Column(number); k.Default != want || k.Required() {
			t.Errorf("column %d is %+v", number, k)
		}
	}
	hangs := []catalogue.Dependent{{Kind: "view", Name: "public.nicks", Column: "Nick name"}, {Kind: "generated column", Name: "twice", Column: "id"},
		{Kind: "policy", Name: "mine", Column: "email"}, {Kind: "foreign key of public.orders", Name: "orders_user_id_fkey", Column: "id"}}
	for _, d := range hangs {
		if !slices.Contains(users.Dependents, d) {
			t.Errorf("%+v is not among %+v", d, users.Dependents)
		}
	}
	if len(users.Indexes) != 2 || len(c.Enums) != 1 || c.Enums[0].Values[1].Name != "ok" || len(c.Domains) != 1 || !strings.Contains(c.Domains[0].Constraints, "> ") {
		t.Errorf("indexes %+v, enums %+v, domains %+v", users.Indexes, c.Enums, c.Domains)
	}
	if !slices.ContainsFunc(c.Objects, func(o catalogue.Object) bool { return o.Kind == "function" && o.Name == "public.one()" }) {
		t.Errorf("the function is not among %+v", c.Objects)
	}
}

func TestAStaleEstimateGrowsWithTheFile(t *testing.T) {
	t.Parallel()
	conn, _ := database(t, "CREATE TABLE grew (n int) WITH (autovacuum_enabled = off); INSERT INTO grew SELECT generate_series(1, 1000); ANALYZE grew; INSERT INTO grew SELECT generate_series(1, 9000)")
	grew, _ := read(t, conn).Named("grew")
	if grew.Rows < 5000 || grew.Rows > 20000 {
		t.Errorf("ten thousand rows of which a thousand were analysed are estimated at %d", grew.Rows)
	}
}

func TestALockedTableIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	conn, dsn := database(t, shop)
	other := pg.Conn(t, dsn)
	run(t, other, "BEGIN; LOCK TABLE orders")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if _, err := catalogue.Read(ctx, conn); err == nil || !strings.Contains(err.Error(), "keeps a table locked") {
		t.Errorf("%v; want it to say that a table is locked", err)
	}
	run(t, other, "COMMIT")
	read(t, conn)
}
