package roll_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/platform/roll"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{"holder": holderRole})
}

// stamp is an order's, with a fence.
func stamp(fence uint64) release.Stamp {
	return release.Stamp{App: "shop", Key: "r1/1", Fence: fence}
}

// order asks for instances of a version on green.
func order(version string) release.StartOrder {
	return release.StartOrder{Stamp: stamp(1), Side: release.Green, Version: version, Digest: strings.Repeat("d", 20) + version, Count: 2}
}

// held takes a page, and gives it up when the test ends.
func held(t *testing.T, b roll.Book, fence uint64) *roll.Held {
	t.Helper()
	h, err := b.Hold(t.Context(), stamp(fence))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Release)
	return h
}

func read(t *testing.T, b roll.Book) roll.Page {
	t.Helper()
	p, err := b.Read("shop")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatWasSavedIsReadAndWhatWasNotIsForgotten(t *testing.T) {
	t.Parallel()
	b := roll.Book{Folder: filepath.Join(t.TempDir(), "roll")}
	if p := read(t, b); !reflect.DeepEqual(p, roll.Page{}) {
		t.Errorf("a page that was never written is %+v", p)
	}
	h := held(t, b, 1)
	e := h.Add(order("v1"))
	e.Addr, e.Launched, e.Since = "127.0.0.1:8080", true, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := h.Save(); err != nil {
		t.Fatal(err)
	}
	h.Add(order("v1")) // and then the controller is killed
	h.Release()
	p := read(t, b)
	if p.Fence != 1 || p.Last != 1 || len(p.Entries) != 1 || !reflect.DeepEqual(p.Entries[0], *e) {
		t.Errorf("the page is %+v", p)
	}
	if apps, err := b.Apps(); err != nil || !slices.Equal(apps, []string{"shop"}) {
		t.Errorf("the apps are %v, %v", apps, err)
	}
}

func TestANumberIsNeverUsedAgain(t *testing.T) {
	t.Parallel()
	b := roll.Book{Folder: t.TempDir()}
	h := held(t, b, 1)
	h.Add(order("v1"))
	second := h.Add(order("v1")).ID
	h.Remove("green-1", second, "green-99")
	if err := h.Save(); err != nil {
		t.Fatal(err)
	}
	h.Release()
	next := held(t, b, 1)
	if id := next.Add(order("v1")).ID; id != "green-3" || len(next.Entries) != 1 {
		t.Errorf("after %s comes %s, beside %+v", second, id, next.Entries)
	}
}

func TestAnOlderFenceIsRefusedAndANewerOneOnRecordBeforeAnythingIsDone(t *testing.T) {
	t.Parallel()
	b := roll.Book{Folder: t.TempDir()}
	held(t, b, 7).Release()
	if p := read(t, b); p.Fence != 7 {
		t.Fatalf("the fence on record is %d", p.Fence)
	}
	_, err := b.Hold(t.Context(), stamp(6))
	if !errors.Is(err, release.ErrFenced) || !strings.Contains(err.Error(), "fence 6") {
		t.Errorf("an older controller got %v", err)
	}
	held(t, b, 7).Release()
	held(t, b, 8).Release()
	if p := read(t, b); p.Fence != 8 {
		t.Errorf("the fence on record is %d", p.Fence)
	}
}

func TestOneControllerHoldsAPageAtATime(t *testing.T) {
	t.Parallel()
	b := roll.Book{Folder: t.TempDir()}
	var all sync.WaitGroup
	const hands = 20
	for range hands {
		all.Go(func() {
			h, err := b.Hold(t.Context(), stamp(1))
			if err != nil {
				t.Error(err)
				return
			}
			defer h.Release()
			h.Add(order("v1"))
			if err := h.Save(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	p := read(t, b)
	if p.Last != hands || len(p.Entries) != hands {
		t.Errorf("%d entries, the last is number %d; want %d", len(p.Entries), p.Last, hands)
	}
}

// holderRole takes the page and keeps it until it is killed.
func holderRole(ctx context.Context) error {
	h, err := roll.Book{Folder: os.Getenv("TEST_ROLL")}.Hold(ctx, stamp(1))
	if err != nil {
		return err
	}
	defer h.Release()
	h.Add(order("v1"))
	if _, err := os.Stdout.WriteString("holds it\n"); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func TestAControllerThatIsKilledHoldsNothingAndHasEnteredNothing(t *testing.T) {
	t.Parallel()
	b := roll.Book{Folder: t.TempDir()}
	holder := testkit.Start(t, "holder", "TEST_ROLL="+b.Folder)
	holder.Line("holds it")
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := b.Hold(soon, stamp(2)); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "wait for another controller that works on shop") {
		t.Errorf("while another one holds it: %v", err)
	}
	holder.Kill()
	if h := held(t, b, 2); len(h.Entries) != 0 || h.Last != 0 {
		t.Errorf("it left %+v", h.Page)
	}
}

func TestAPageThatIsDamagedIsNoEmptyOne(t *testing.T) {
	t.Parallel()
	b := roll.Book{Folder: t.TempDir()}
	path := filepath.Join(b.Folder, "shop.json")
	if err := os.WriteFile(path, []byte(`{"fence": 3, "entr`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Read("shop"); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "restore it") {
		t.Errorf("read: %v", err)
	}
	if _, err := b.Hold(t.Context(), stamp(9)); err == nil {
		t.Error("it was held")
	}
	// Nobody was kept out by the failure.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	held(t, b, 9)
}

func TestASideThatHasAnotherVersionIsNotMixed(t *testing.T) {
	t.Parallel()
	h := held(t, roll.Book{Folder: t.TempDir()}, 1)
	h.Add(order("v1"))
	other := order("v1")
	other.Digest = "another configuration"
	companion, elsewhere := order("v2"), order("v2")
	companion.Component, elsewhere.Side = "worker", release.Blue
	for what, c := range map[string]struct {
		o       release.StartOrder
		refused bool
	}{
		"the same": {order("v1"), false}, "another version": {order("v2"), true}, "another configuration": {other, true},
		"another component": {companion, false}, "another side": {elsewhere, false},
	} {
		err := h.Unmixed(c.o)
		if (err != nil) != c.refused || c.refused && !strings.Contains(err.Error(), "green-1 (v1") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestAnOrderThatCanBeNobodysIsRefused(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*release.StartOrder){
		"":                             func(*release.StartOrder) {},
		`"../shop" cannot be the name`: func(o *release.StartOrder) { o.App = "../shop" },
		`"up" is no side`:              func(o *release.StartOrder) { o.Side = "up" },
		`"a/b" cannot be the name`:     func(o *release.StartOrder) { o.Component = "a/b" },
		"-1 is no number of instances": func(o *release.StartOrder) { o.Count = -1 },
	} {
		o := order("v1")
		change(&o)
		if err := roll.Check(o); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	b := roll.Book{Folder: t.TempDir()}
	if _, err := b.Read("../shop"); err == nil {
		t.Error("a page outside of the folder was read")
	}
	if _, err := b.Hold(t.Context(), release.Stamp{App: "../shop"}); err == nil {
		t.Error("a page outside of the folder was held")
	}
}

func TestAnAdoptedInstanceIsEnteredOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	h := held(t, roll.Book{Folder: t.TempDir()}, 1)
	o := order("v1")
	if h.Adopt(o, now) {
		t.Error("an order without adopted instances entered one")
	}
	o.Artefact.Adopted = []release.Adopted{{Name: "shop@1", Addr: "127.0.0.1:1"}, {Name: "shop@2", Addr: "127.0.0.1:2"}}
	if !h.Adopt(o, now) || h.Adopt(o, now) || len(h.Entries) != 2 {
		t.Fatalf("entered are %+v", h.Entries)
	}
	for i, e := range h.Entries {
		if e.Adopted == nil || !reflect.DeepEqual(*e.Adopted, o.Artefact.Adopted[i]) || e.Name != e.Adopted.Name || e.Addr != e.Adopted.Addr || !e.Since.Equal(now) || e.Ending() {
			t.Errorf("%+v", e)
		}
	}
	h.Remove("green-1")
	if h.Adopt(o, now) || len(h.Entries) != 1 {
		t.Errorf("one that was stopped was entered again: %+v", h.Entries)
	}
}
