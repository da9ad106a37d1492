package pgbouncer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/metrics/pgbouncer"
	"cutover/internal/signal"
	"cutover/internal/signal/signaltest"
	"cutover/internal/testkit"
)

func subject() signal.Subject {
	return signal.Subject{App: "shop", Old: signal.Party{Label: "blue", Version: "1"}, New: signal.Party{Label: "green", Version: "2"}}
}

func console(addr string) string {
	return "postgres://stats@" + addr + "/pgbouncer?sslmode=disable"
}

func measure(name, at, only string) signal.Signal {
	m, _ := signal.FindMeasure(signal.PgBouncer, name)
	return signal.Signal{Name: name, Shape: m.Shape, Unit: m.Unit, Shared: !signal.BySide(only), Source: signal.Source{Kind: signal.PgBouncer, At: at, Query: name, Only: only}}
}

// client connects through PgBouncer and keeps a server busy.
func client(t *testing.T, addr, database string) *pgx.Conn {
	t.Helper()
	c := pg.Conn(t, fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", addr, database))
	if _, err := c.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPgBouncerKeepsTheReadersPromises(t *testing.T) {
	t.Parallel()
	addr := bouncer(t)
	client(t, addr, "shop-1")
	client(t, addr, "shop-2")
	t.Run("for every measure", func(t *testing.T) {
		for _, name := range []string{signal.WaitingClients, signal.LongestWait, signal.PoolUse} {
			signaltest.Run(t, func(t *testing.T) signaltest.Stage {
				door := signaltest.OpenDoor(t, addr)
				hang := measure(name, console(signaltest.Hanging(t)), "shop-{{version}}")
				wrong := measure(name, "postgres://stats@"+door.Addr+"/shop-1", "")
				return signaltest.Stage{Reader: pgbouncer.New(), Signal: measure(name, console(door.Addr), "{{app}}-{{version}}"), Wrong: wrong, Subject: subject(), Vanish: door.Shut, Hang: &hang}
			})
		}
	})
}

func read(t *testing.T, s signal.Signal) []signal.Reading {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	return pgbouncer.New().Read(ctx, s, subject())
}

func TestAFullPoolAndThoseWhoWaitForItAreSeen(t *testing.T) {
	t.Parallel()
	addr := bouncer(t)
	client(t, addr, "shop-1")
	client(t, addr, "shop-2")
	client(t, addr, "shop-2")
	for _, r := range read(t, measure(signal.PoolUse, console(addr), "shop-{{version}}")) {
		if want := map[signal.Side]float64{signal.Old: 1, signal.New: 2}[r.Side]; r.Missing != "" || r.Value != want || r.Of != 2 {
			t.Errorf("%+v; want %v of 2", r, want)
		}
	}
	if r := read(t, measure(signal.PoolUse, console(addr), "")); len(r) != 1 || r[0].Value != 3 || r[0].Of != 4 {
		t.Errorf("all pools together: %+v", r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if c, err := pgx.Connect(ctx, fmt.Sprintf("postgres://postgres@%s/shop-2?sslmode=disable", addr)); err == nil {
			_, _ = c.Exec(ctx, "SELECT 1")
			_ = c.Close(context.Background())
		}
	}()
	testkit.Await(t, "the third client to wait", func() bool {
		return read(t, measure(signal.WaitingClients, console(addr), "shop-2"))[0].Value == 1
	})
	testkit.Await(t, "its wait to be counted", func() bool {
		return read(t, measure(signal.LongestWait, console(addr), "shop-2"))[0].Value > 0.05
	})
	if r := read(t, measure(signal.WaitingClients, console(addr), "shop-1"))[0]; r.Missing != "" || r.Value != 0 {
		t.Errorf("nobody waits there: %+v", r)
	}
	cancel()
	<-ended
}

func TestAPoolThatIsNotThereIsMissing(t *testing.T) {
	t.Parallel()
	addr := bouncer(t)
	if r := read(t, measure(signal.WaitingClients, console(addr), ""))[0]; !strings.Contains(r.Missing, "no pools yet") {
		t.Errorf("%+v", r)
	}
	client(t, addr, "shop-1")
	list := read(t, measure(signal.WaitingClients, console(addr), "shop-{{version}}"))
	if list[0].Missing != "" || !strings.Contains(list[1].Missing, "no pool of the database shop-2") {
		t.Errorf("%+v", list)
	}
	stranger := "postgres://postgres@" + addr + "/pgbouncer?sslmode=disable"
	if r := read(t, measure(signal.WaitingClients, stranger, ""))[0]; r.Missing == "" {
		t.Errorf("a user who is not permitted reads %+v", r)
	}
}

func TestTheConsolesPasswordIsNeverShown(t *testing.T) {
	t.Setenv("SHOP_CONSOLE", "postgres://stats:geheim@127.0.0.1:1/pgbouncer?sslmode=disable")
	if r := read(t, measure(signal.PoolUse, "env:SHOP_CONSOLE", ""))[0]; r.Missing == "" || strings.Contains(r.Missing, "geheim") {
		t.Errorf("%+v", r)
	}
	if err := pgbouncer.New().Check(measure(signal.PoolUse, "postgres://stats:geheim@h/pgbouncer", "")); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("%v", err)
	}
}
