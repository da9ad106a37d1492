package sockets

import (
	"net"
	"net/netip"
	"os"
	"testing"
)

func TestAConnectionIsFoundWithItsOwner(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		table, err := Table(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		owned, err := Owned(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		at, seen, listens := netip.MustParseAddrPort(l.Addr().String()), 0, 0
		for _, e := range table {
			if e.Open && e.Remote == at && owned[e.Inode] {
				seen++
			}
			if e.Listening && e.Local == at && owned[e.Inode] {
				listens++
			}
		}
		if seen != 1 || listens != 1 {
			t.Errorf("on %s %d connections and %d listeners were found", addr, seen, listens)
		}
	}
}

func TestAProcessIsAChildOfItsParent(t *testing.T) {
	t.Parallel()
	started, parent, ok := Stat(os.Getpid())
	if !ok || parent != os.Getppid() || Title(os.Getpid()) == "" {
		t.Errorf("%d, %v, %q", parent, ok, Title(os.Getpid()))
	}
	for _, find := range []func(int) ([]Process, error){Children, scan} {
		all, err := find(os.Getppid())
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, p := range all {
			found = found || p == Process{os.Getpid(), started}
		}
		if !found {
			t.Errorf("%v lacks this process", all)
		}
	}
	if _, _, ok := Stat(1 << 30); ok {
		t.Error("a process that does not exist runs")
	}
}
