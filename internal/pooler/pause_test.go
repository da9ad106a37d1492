package pooler

import (
	"context"
	"slices"
	"strings"
	"testing"

	"cutover/internal/pooler/console"
	"cutover/internal/testkit"
)

func TestAPauseLeavesNoServerConnectionAndItsEndServesThoseWhoWaited(t *testing.T) {
	t.Parallel()
	b := shop(t, transactions)
	one := user(t, b, "shop-1", "web")
	user(t, b, "shop-2", "web")
	p, o := &Pools{}, order(b)
	if err := p.Pause(patient(t), o); err != nil {
		t.Fatal(err)
	}
	if left := of(show(t, b, "SERVERS"), o.Databases, anyRow); len(left) > 0 {
		t.Errorf("server connections are left in a pause: %v", left)
	}
	if names := pausedNow(t, b); !slices.Equal(names, o.Databases) {
		t.Errorf("paused are %v", names)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := one.Exec(patient(t), "SELECT 2")
		answered <- err
	}()
	testkit.Await(t, "the client to wait", func() bool {
		return len(of(show(t, b, "CLIENTS"), o.Databases, func(r console.Row) bool { return r["state"] == "waiting" })) == 1
	})
	select {
	case err := <-answered:
		t.Fatalf("a client was served in a pause: %v", err)
	default:
	}
	for range 2 { // the second finds nothing to do
		if err := p.Resume(patient(t), o); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-answered; err != nil {
		t.Errorf("who waited got %v", err)
	}
	if names := pausedNow(t, b); len(names) > 0 {
		t.Errorf("still paused are %v", names)
	}
}

func TestAPauseThatCannotComeAboutEndsWithItsBoundAndSaysWhoWasInTheWay(t *testing.T) {
	t.Parallel()
	b := shop(t, transactions)
	busy := user(t, b, "shop-1", "report")
	tx, err := busy.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p, o := &Pools{}, order(b)
	ended := make(chan error, 1)
	go func() { ended <- p.Pause(ctx, o) }()
	testkit.Await(t, "the pause to begin", func() bool { return slices.Contains(pausedNow(t, b), "shop-1") })
	cancel()
	err = <-ended
	if err == nil || !strings.Contains(err.Error(), "1 server connections are in use") || !strings.Contains(err.Error(), "shop-1") {
		t.Fatalf("it ended with %v", err)
	}
	if err := p.Resume(patient(t), o); err != nil {
		t.Fatal(err)
	}
	if names := pausedNow(t, b); len(names) > 0 {
		t.Errorf("still paused are %v", names)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Errorf("the transaction in the way was harmed: %v", err)
	}
	// What an earlier try has left is no obstacle to the next.
	if err := p.Pause(patient(t), o); err != nil {
		t.Fatal(err)
	}
	if err := p.Pause(patient(t), o); err != nil {
		t.Fatalf("a pause in a pause: %v", err)
	}
	if err := p.Resume(patient(t), o); err != nil {
		t.Fatal(err)
	}
}

func TestADatabaseThatPgBouncerDoesNotHaveIsAnError(t *testing.T) {
	t.Parallel()
	b := shop(t, transactions)
	o := order(b)
	o.Databases = []string{"stop-1"}
	if err := new(Pools).Pause(patient(t), o); err == nil || !strings.Contains(err.Error(), "no database stop-1: it has shop-1, shop-2") {
		t.Errorf("%v", err)
	}
}
