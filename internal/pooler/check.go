package pooler

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutover/internal/pooler/console"
	"cutover/internal/release"
)

// checkLimit bounds one look whether a PgBouncer can be used.
const checkLimit = 20 * time.Second

// Check says why the PgBouncer of a plan could not be used as the plan wants,
// and what helps, and returns how many server connections its pools for the
// app open at most. It changes nothing.
func Check(ctx context.Context, p release.Plan) (servers int, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	at := p.Database.Pooler.Console
	c, err := console.Open(ctx, at)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	f := &fitness{conn: c, plan: p}
	for _, step := range []func(context.Context) error{f.isPgBouncer, f.mayCommand, f.knows, f.isOpen, f.hasTime, f.hasRoom} {
		if err := step(ctx); err != nil {
			return 0, fmt.Errorf("database.pgbouncer: %w", err)
		}
	}
	return f.servers, nil
}

// fitness is one check.
type fitness struct {
	conn      *console.Conn
	plan      release.Plan
	config    map[string]string
	databases []console.Row
	servers   int
}

func (f *fitness) isPgBouncer(ctx context.Context) error {
	rows, err := f.conn.Show(ctx, "CONFIG")
	if err != nil {
		return fmt.Errorf("what answers there is no console of PgBouncer, or the user may not look: %w", err)
	}
	f.config = map[string]string{}
	for _, r := range rows {
		f.config[r["key"]] = r["value"]
	}
	if f.config["pool_mode"] == "" || f.config["max_client_conn"] == "" {
		return errors.New("what answers there is no PgBouncer: write the address of its console")
	}
	return nil
}

// nobody is a database that PgBouncer surely has not: whether it says so, or
// that the user may not ask, shows whether the user may.
const nobody = "cutover-asks-whether-it-may"

func (f *fitness) mayCommand(ctx context.Context) error {
	err := f.conn.Do(ctx, "RESUME "+console.Quote(nobody))
	var refused *console.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && strings.Contains(refused.Message, "admin access"):
		return fmt.Errorf("the user %s may look at PgBouncer and not command it: add it to admin_users", f.conn.User())
	case errors.As(err, &refused):
		return nil
	}
	return err
}

func (f *fitness) knows(ctx context.Context) error {
	names := f.plan.PoolNames()
	if f.plan.Database.Pooler.File.Path != "" && !f.plan.First() {
		names = f.plan.PoolNames(f.plan.From.Side) // the others may be in the new file
	} else if f.plan.Database.Pooler.File.Path != "" {
		return nil
	}
	rows, err := f.conn.Show(ctx, "DATABASES")
	if err != nil {
		return err
	}
	for _, name := range names {
		i := slices.IndexFunc(rows, func(r console.Row) bool { return r["name"] == name })
		if i < 0 {
			return fmt.Errorf("%w; correct databases, or add it to PgBouncer's [databases]", unknown([]string{name}, rows))
		}
		f.databases = append(f.databases, rows[i])
	}
	return nil
}

func (f *fitness) isOpen(context.Context) error {
	for _, db := range f.databases {
		if paused(db) {
			return fmt.Errorf("%s is paused: whoever does that has to RESUME it first", db["name"])
		}
		if db["disabled"] == "1" {
			return fmt.Errorf("%s is disabled: ENABLE it first", db["name"])
		}
	}
	return nil
}

// hasTime sees that a pause can come about, and that no client is sent away in it.
func (f *fitness) hasTime(context.Context) error {
	p := f.plan.Database.Pooler
	if len(p.Around) == 0 {
		return nil
	}
	if wait, err := strconv.ParseFloat(f.config["query_wait_timeout"], 64); err == nil && wait > 0 && wait <= p.PauseMost.Seconds() {
		return fmt.Errorf("clients are sent away after query_wait_timeout = %s s, and a pause may last %s: raise the one or lower pause.atMost", f.config["query_wait_timeout"], release.Span(p.PauseMost))
	}
	running := slices.ContainsFunc(p.Around, func(k release.ActionKind) bool {
		return f.plan.PausesFor(k) && k != release.ActExchange && k != release.ActExchangeBack
	})
	for _, db := range f.databases {
		if running && orElse(db["pool_mode"], f.config["pool_mode"]) == session {
			return fmt.Errorf("the pool of %s is in session mode: a pause would wait until every client of the running app has left; take pool_mode = transaction, or remove expand and contract from pause.around", db["name"])
		}
	}
	return nil
}

// hasRoom sees that both versions' clients find a place.
func (f *fitness) hasRoom(ctx context.Context) error {
	rows, err := f.conn.Show(ctx, "POOLS")
	if err != nil {
		return err
	}
	old, fresh := f.plan.Instances()
	clients := (old + fresh) * f.plan.Database.Pool.PerInstance
	if most := f.number("max_client_conn"); most > 0 && clients > most {
		return fmt.Errorf("(%d old + %d new instances) x %d = %d clients, and max_client_conn is %d: raise it, or use smaller pools in the app", old, fresh, f.plan.Database.Pool.PerInstance, clients, most)
	}
	places, sessions := 0, len(f.databases) > 0
	for _, db := range f.databases {
		size, err := strconv.Atoi(db["pool_size"])
		if err != nil {
			return fmt.Errorf("SHOW DATABASES of this PgBouncer has no pool_size of %s", db["name"])
		}
		reserve, _ := strconv.Atoi(orElse(db["reserve_pool"], db["reserve_pool_size"]))
		users := max(1, len(of(rows, []string{db["name"]}, anyRow)))
		places += (size + reserve) * users
		sessions = sessions && orElse(db["pool_mode"], f.config["pool_mode"]) == session
	}
	f.servers = places
	if sessions && clients > places {
		return fmt.Errorf("the pool is too small: in session mode each of (%d old + %d new instances) x %d = %d clients has a server connection to itself, and there are %d; raise pool_size, or take pool_mode = transaction",
			old, fresh, f.plan.Database.Pool.PerInstance, clients, places)
	}
	return nil
}

func (f *fitness) number(key string) int {
	n, err := strconv.Atoi(f.config[key])
	if err != nil {
		return 0
	}
	return n
}

// Leads reports whether an address of PostgreSQL leads to the PgBouncer of a
// console: whoever pauses the one must not wait for the other.
func Leads(database, at string) (bool, error) {
	a, _, err := console.Resolve(database)
	if err != nil {
		return false, err
	}
	b, _, err := console.Resolve(at)
	if err != nil {
		return false, err
	}
	return a.Port == b.Port && same(a.Host, b.Host), nil
}

// same reports whether two hosts are one, as far as their names tell.
func same(a, b string) bool {
	loop := func(h string) bool {
		ip := net.ParseIP(h)
		return h == "localhost" || ip != nil && ip.IsLoopback()
	}
	return a == b || loop(a) && loop(b)
}
