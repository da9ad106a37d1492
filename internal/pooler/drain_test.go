package pooler

import (
	"context"
	"strings"
	"testing"
	"time"

	"cutover/internal/pooler/console"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

// blue is a drain of the side that has shop-1 to itself.
func blue(o release.PoolOrder) release.DrainOrder {
	d := release.DrainOrder{PoolOrder: o, Side: release.Blue, Own: []string{"shop-1"}}
	d.Databases = []string{"shop-1"}
	return d
}

// within does something until it is seen to be under way, and returns how it
// ends when its time is over then.
func within(t *testing.T, do func(context.Context) error, underWay func() bool) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- do(ctx) }()
	testkit.Await(t, "it to be under way", underWay)
	cancel()
	return <-ended
}

func TestADrainWaitsUntilTheClientsAndServerConnectionsOfASideAreGone(t *testing.T) {
	t.Parallel()
	b := shop(t, transactions)
	stays := user(t, b, "shop-1", "web-1")
	other := user(t, b, "shop-2", "web-2")
	p := &Pools{}
	err := within(t, func(ctx context.Context) error {
		_, err := p.Drain(ctx, blue(order(b)))
		return err
	}, func() bool { return len(of(show(t, b, "SERVERS"), []string{"shop-1"}, anyRow)) == 0 })
	if err == nil || !strings.Contains(err.Error(), "1 clients of blue are still connected") || !strings.Contains(err.Error(), "shop-1") {
		t.Fatalf("with a client left it ended with %v", err)
	}
	if err := stays.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	note, err := p.Drain(patient(t), blue(order(b)))
	if err != nil || !strings.Contains(note, "replaced") {
		t.Fatalf("%q, %v", note, err)
	}
	if left := of(show(t, b, "SERVERS"), []string{"shop-1"}, anyRow); len(left) > 0 {
		t.Errorf("server connections are left: %v", left)
	}
	if _, err := other.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("the other side's client was harmed: %v", err)
	}
}

func TestADrainOfASharedPoolReplacesItsServerConnectionsAndCutsNone(t *testing.T) {
	t.Parallel()
	b := shop(t, transactions)
	web := user(t, b, "shop-1", "shop-v2")
	tx, err := web.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := of(show(t, b, "SERVERS"), []string{"shop-1"}, anyRow)
	d := release.DrainOrder{PoolOrder: order(b), Side: release.Blue, Application: "shop-v1"}
	d.Databases = []string{"shop-1"}
	p := &Pools{}
	err = within(t, func(ctx context.Context) error {
		_, err := p.Drain(ctx, d)
		return err
	}, func() bool { return len(of(show(t, b, "SERVERS"), []string{"shop-1"}, closing)) == 1 })
	if err == nil || !strings.Contains(err.Error(), "1 server connections from before are still in use") {
		t.Fatalf("within a transaction it ended with %v", err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatalf("the transaction was cut: %v", err)
	}
	if _, err := p.Drain(patient(t), d); err != nil {
		t.Fatal(err)
	}
	if _, err := web.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	for _, r := range of(show(t, b, "SERVERS"), []string{"shop-1"}, anyRow) {
		if len(before) != 1 || r["ptr"] == before[0]["ptr"] && r["local_port"] == before[0]["local_port"] {
			t.Errorf("the server connection is the one from before: %v", r)
		}
	}
}

func TestTheClientsOfASideAreToldByTheirApplicationName(t *testing.T) {
	t.Parallel()
	b := shop(t, nil) // in session mode
	old, fresh := user(t, b, "shop-1", "shop-v1"), user(t, b, "shop-1", "shop-v2")
	d := release.DrainOrder{PoolOrder: order(b), Side: release.Blue, Application: "shop-v1"}
	d.Databases = []string{"shop-1"}
	ended := make(chan error, 1)
	go func() {
		_, err := new(Pools).Drain(patient(t), d)
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("it did not wait for the old version's client: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	if err := old.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Error(err)
	}
	testkit.Await(t, "the old version's client to be gone", func() bool {
		return len(of(show(t, b, "CLIENTS"), []string{"shop-1"}, func(r console.Row) bool { return r["application_name"] == "shop-v1" })) == 0
	})
}
