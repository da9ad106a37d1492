package state

import (
	"os"
	"strconv"
	"testing"

	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

// begun makes a folder in which a process has saved :80, begun :81 and ended.
func begun(t *testing.T) *Dir {
	t.Helper()
	d := open(t)
	save(t, d, table(":80"))
	if err := d.Begin(table(":81")); err != nil {
		t.Fatal(err)
	}
	return d
}

// expect demands what Load returns, and that it says nothing was wrong.
func expect(t *testing.T, d *Dir, listen string) {
	t.Helper()
	got, notice, err := d.Load()
	if err != nil || notice != "" || len(got.Services) != 1 || got.Services[0].Route.Front.Listen != listen {
		t.Errorf("got %+v, %q, %v, want %s", got, notice, err, listen)
	}
}

func TestATableThatWasOnlyBegunIsLoadedAndPutInItsPlace(t *testing.T) {
	t.Parallel()
	d := begun(t)
	expect(t, d, ":81")
	if err := d.Complete(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(d.Path(slotName)); err != nil {
		t.Fatal(err)
	}
	expect(t, d, ":81")
	if err := os.Remove(d.Path(mainName)); err != nil {
		t.Fatal(err)
	}
	if got, _, err := d.Load(); err != nil || got.Services[0].Route.Front.Listen != ":81" {
		t.Errorf("the copy has %+v, %v", got, err)
	}
}

func TestASlotTornAtAnyByteLeavesTheTableBefore(t *testing.T) {
	t.Parallel()
	d := begun(t)
	whole, err := os.ReadFile(d.Path(slotName))
	if err != nil {
		t.Fatal(err)
	}
	torn := make([]byte, len(whole))
	for n := range 600 { // the rest is blank
		copy(torn, whole[:n])
		write(t, d.Path(slotName), torn)
		expect(t, d, ":80")
	}
}

func TestATableIsBegunOnlyWhenTheOneBeforeIsInItsPlace(t *testing.T) {
	t.Parallel()
	d := begun(t)
	if err := d.Begin(table(":82")); err != nil {
		t.Fatal(err)
	}
	write(t, d.Path(slotName), []byte("torn"))
	expect(t, d, ":81")
}

func TestARestoredTableIsNotOvertakenByAnOlderSlot(t *testing.T) {
	t.Parallel()
	d := open(t)
	save(t, d, table(":80"))
	backup, err := os.ReadFile(d.Path(mainName))
	if err != nil {
		t.Fatal(err)
	}
	save(t, d, table(":81"), table(":82"))
	write(t, d.Path(mainName), backup)
	expect(t, d, ":80")
}

func TestTheSlotKeepsItsSizeUntilATableNeedsMore(t *testing.T) {
	t.Parallel()
	d := open(t)
	size := func() int64 {
		info, err := os.Stat(d.Path(slotName))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	save(t, d, table(":80"), table(":81"))
	if size() != slotSize {
		t.Errorf("it has %d bytes", size())
	}
	long := table(":80").With(large(1000))
	save(t, d, long)
	if got, _, err := d.Load(); err != nil || len(got.Services) != len(long.Services) || size() <= slotSize {
		t.Errorf("%d bytes hold %d services, %v", size(), len(got.Services), err)
	}
	was := size()
	save(t, d, table(":83"))
	expect(t, d, ":83")
	if size() != was {
		t.Errorf("%d bytes became %d", was, size())
	}
}

// large is a service of n instances.
func large(n int) route.Service {
	s := route.Service{App: "large"}
	s.Route.Front = release.Front{Listen: ":90", Path: "/"}
	for i := range n {
		s.Route.Sides.Green.Endpoints = append(s.Route.Sides.Green.Endpoints, release.Endpoint{ID: strconv.Itoa(i), Addr: "127.0.0.1:" + strconv.Itoa(20000+i)})
	}
	return s
}
