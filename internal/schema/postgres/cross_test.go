package postgres_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cutover/internal/schema"
	"cutover/internal/testkit"
)

const accounts = `CREATE TABLE users (id int PRIMARY KEY, email text, seen int DEFAULT 0);
	CREATE TABLE profiles (id serial PRIMARY KEY, owner int UNIQUE REFERENCES users ON UPDATE CASCADE, bio text);
	INSERT INTO users SELECT n, 'Mail' || n FROM generate_series(1, 3000) AS n; INSERT INTO profiles (owner) SELECT n FROM generate_series(1, 2000) AS n`

func moveEmail() schema.CopyColumn {
	return schema.CopyColumn{From: schema.ColumnOf{Table: "users", Column: "email"}, On: map[string]string{"owner": "id"},
		To: schema.NewIn{Table: "profiles", Column: schema.Column{Name: "address", Type: "text", Nullable: true}}, Up: "lower(email)", Down: "initcap(address)"}
}

const emailsApart = `SELECT count(*) FROM profiles p JOIN users u ON u.id = p.owner WHERE p.address IS DISTINCT FROM lower(u.email)`

func TestAColumnInAnotherTableIsKeptInStepWhileBothAreWrittenTo(t *testing.T) {
	t.Parallel()
	e, conn, dsn := database(t, accounts)
	e.Batch = 1
	c := change(moveEmail())
	before := value[string](t, conn, shapeOf)
	must(t, "expand", e.Expand(within(t), c))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	counts := map[string]int{}
	for i := range 8 {
		writer := pg.Conn(t, dsn)
		run(t, writer, "SET deadlock_timeout = '10ms'")
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 3))
			for {
				select {
				case <-stop:
					return
				default:
				}
				// Half of them meet at a few rows.
				id := 1 + random.IntN(3000)
				if random.IntN(2) == 0 {
					id = 1 + id%8
				}
				what, err := writeEmail(writer, random, id)
				mu.Lock()
				if err == nil {
					counts[what]++
				} else {
					counts["error "+err.Error()]++
				}
				mu.Unlock()
			}
		})
	}
	all := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		for _, count := range counts {
			n += count
		}
		return n
	}
	must(t, "backfill", e.Backfill(within(t), c, schema.Position{}, nil))
	filled := all()
	testkit.Await(t, "writers in the window", func() bool { return all() > filled+2000 })
	close(stop)
	wg.Wait()
	t.Log(counts)
	for what := range counts {
		if len(what) > 6 && what[:6] == "error " {
			t.Errorf("a writer was turned away: %s", what)
		}
	}
	for _, what := range []string{"source", "copy", "join", "leave", "key", "other"} {
		if counts[what] == 0 {
			t.Errorf("nobody wrote to the %s", what)
		}
	}
	same(t, conn, emailsApart, int64(0))
	must(t, "revert", e.Revert(within(t), c))
	same(t, conn, shapeOf, before)
}

// writeEmail writes one statement as a program of either version. Two that
// meet in a deadlock are what copy_column says may happen.
func writeEmail(conn *pgx.Conn, random *rand.Rand, id int) (what string, err error) {
	ctx := context.Background()
	value := random.IntN(1000)
	switch random.IntN(7) {
	case 0, 1:
		what = "source"
		_, err = conn.Exec(ctx, "UPDATE users SET email = 'Old' || $2::int WHERE id = $1", id, value)
	case 2:
		what = "copy"
		_, err = conn.Exec(ctx, "UPDATE profiles SET address = 'new' || $2::int WHERE owner = $1", id, value)
	case 3:
		what = "join"
		if value%2 == 0 {
			_, err = conn.Exec(ctx, "INSERT INTO profiles (owner) VALUES ($1) ON CONFLICT DO NOTHING", id)
		} else {
			_, err = conn.Exec(ctx, "INSERT INTO profiles (owner, address) VALUES ($1, 'new' || $2::int) ON CONFLICT DO NOTHING", id, value)
		}
	case 4:
		what = "leave"
		_, err = conn.Exec(ctx, "DELETE FROM profiles WHERE owner = $1", id)
	case 5:
		what = "key"
		_, err = conn.Exec(ctx, "UPDATE profiles SET owner = $2 WHERE owner = $1 AND NOT EXISTS (SELECT FROM profiles WHERE owner = $2)", id, 1+random.IntN(16))
	default:
		what = "other"
		_, err = conn.Exec(ctx, "UPDATE users SET seen = seen + 1 WHERE id = $1", id)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "23505" && what == "key") {
		return "refused", nil
	}
	return what, err
}

func TestACopyWithoutAWayBackFollowsItsSourceOnly(t *testing.T) {
	t.Parallel()
	e, conn, _ := database(t, "CREATE TABLE users (id int PRIMARY KEY, email text); CREATE TABLE orders (id int PRIMARY KEY, buyer int REFERENCES users); INSERT INTO users VALUES (1, 'a'), (2, 'b'); INSERT INTO orders VALUES (1, 1), (2, 1), (3, NULL)")
	c := change(schema.CopyColumn{From: schema.ColumnOf{Table: "users", Column: "email"}, On: map[string]string{"buyer": "id"},
		To: schema.NewIn{Table: "orders", Column: schema.Column{Name: "contact", Type: "text", Nullable: true}}})
	expandAndFill(t, e, c)
	run(t, conn, "UPDATE users SET email = 'c' WHERE id = 1; INSERT INTO orders VALUES (4, 2)")
	run(t, conn, "UPDATE orders SET buyer = 2 WHERE id = 2; UPDATE orders SET contact = 'mine' WHERE id = 4")
	same(t, conn, "SELECT string_agg(coalesce(contact, '-'), ',' ORDER BY id) FROM orders", "c,b,-,mine")
	same(t, conn, "SELECT string_agg(email, ',' ORDER BY id) FROM users", "c,b")
	must(t, "contract", e.Contract(within(t), c))
	run(t, conn, "UPDATE users SET email = 'later'")
	same(t, conn, "SELECT string_agg(coalesce(contact, '-'), ',' ORDER BY id) FROM orders", "c,b,-,mine")
}
