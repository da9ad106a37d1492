package socket

import (
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"cutover/internal/testkit"
)

func listen(t *testing.T, path string) *Listener {
	t.Helper()
	l, err := Listen(path, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	greet(t, l)
	return l
}

// leave makes a socket at path that nobody listens on.
func leave(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func TestASocketWhoseFileIsGoneMakesItselfAnew(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(t *testing.T, path string){
		"removed":                func(*testing.T, string) {},
		"replaced by a dead one": leave,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := place(t)
			l := listen(t, path)
			for range 2 { // the new one is looked after like the first
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				harm(t, path)
				testkit.Await(t, "the socket to be back", func() bool { return call(path) == "hello" })
				if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o600 {
					t.Errorf("its mode is %v, %v", info.Mode(), err)
				}
			}
			l.Close()
			if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestWhatSomebodyElsePutInItsPlaceIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(t *testing.T, path string){
		"a file": func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a socket that answers": func(t *testing.T, path string) {
			other, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			greet(t, other)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := place(t)
			l := listen(t, path)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			put(t, path)
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			if l.lost() {
				t.Error("it counts as lost")
			}
			l.Close()
			if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
				t.Errorf("it is another one now, %v", err)
			}
		})
	}
}

func TestASocketThatWasHandedOverIsLookedAfterByItsNewOwner(t *testing.T) {
	t.Parallel()
	path := place(t)
	first, err := Listen(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := first.current().File()
	if err != nil {
		t.Fatal(err)
	}
	second, err := Adopt(file, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	first.SetUnlinkOnClose(false)
	first.Close()
	greet(t, second)
	if got := call(path); got != "hello" {
		t.Fatalf("heard %s", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the socket to be back", func() bool { return call(path) == "hello" })
	if got := second.Addr().String(); got != path {
		t.Errorf("it says that it is at %s", got)
	}
}

func TestASocketThatCannotBeMadeAnewGoesOnAsItIs(t *testing.T) {
	t.Parallel()
	path := place(t)
	l := listen(t, path)
	// A folder lies where the new one would be made.
	if err := os.MkdirAll(path[:len(path)-1]+"~/x", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.mend(); err == nil {
		t.Error("it was made anew")
	}
	if got := call(path); got != "hello" {
		t.Errorf("heard %s", got)
	}
}
