package state

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/proxy/route"
	"cutover/internal/release"
)

func open(t *testing.T) *Dir {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "proxy"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func table(listen string) route.Table {
	s := route.Service{App: "shop"}
	s.Route.Front = release.Front{Listen: listen, Path: "/"}
	return route.Table{}.With(s).Fenced(4)
}

func save(t *testing.T, d *Dir, tables ...route.Table) {
	t.Helper()
	for _, table := range tables {
		if err := d.Save(table); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatWasSavedIsLoaded(t *testing.T) {
	t.Parallel()
	d := open(t)
	if got, notice, err := d.Load(); err != nil || notice != "" || len(got.Services) != 0 {
		t.Fatalf("an empty folder gives %+v, %q, %v", got, notice, err)
	}
	save(t, d, table(":80"), table(":81"))
	got, notice, err := d.Load()
	if err != nil || notice != "" || got.Fence != 4 || got.Services[0].Route.Front.Listen != ":81" {
		t.Errorf("got %+v, %q, %v", got, notice, err)
	}
	for _, name := range []string{mainName, copyName, "lock"} {
		info, err := os.Stat(d.Path(name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if info, _ := os.Stat(d.path); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v", info.Mode())
	}
}

func TestAFileTornAtAnyByteIsReplacedByTheLastGoodCopy(t *testing.T) {
	t.Parallel()
	d := open(t)
	save(t, d, table(":80"))
	whole, err := os.ReadFile(d.Path(mainName))
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		write(t, d.Path(mainName), whole[:n])
		got, notice, err := d.Load()
		if err != nil || len(got.Services) != 1 || !strings.Contains(notice, "last good copy") {
			t.Fatalf("torn at byte %d: %+v, %q, %v", n, got, notice, err)
		}
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	t.Parallel()
	d := open(t)
	save(t, d, table(":80"))
	whole, _ := os.ReadFile(d.Path(mainName))
	at := strings.Index(string(whole), `:80`)
	whole[at+1] ^= 1
	write(t, d.Path(mainName), whole)
	if got, notice, err := d.Load(); err != nil || !strings.Contains(notice, "checksum") || got.Services[0].Route.Front.Listen != ":80" {
		t.Errorf("got %+v, %q, %v", got, notice, err)
	}
}

func TestNobodyEverSeesHalfAFile(t *testing.T) {
	t.Parallel()
	d := open(t)
	save(t, d, table(":80"))
	stop, looked := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				looked <- n
				return
			default:
			}
			for _, name := range []string{mainName, copyName} {
				if _, err := read(d.Path(name)); err != nil {
					t.Errorf("look %d: %v", n, err)
				}
			}
			n++
		}
	}()
	for i := range 60 {
		save(t, d, table([]string{":80", ":81"}[i%2]))
	}
	close(stop)
	if n := <-looked; n < 10 {
		t.Errorf("only %d looks", n)
	}
}

func TestWithNoGoodFileItRefusesAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	bad := map[string][2]string{
		"both torn":          {`{"format":`, `{`},
		"foreign":            {`{"name":"package.json"}`, `hello`},
		"newer":              {`{"format":"cutover-proxy-table/2","sha256":"","table":{}}`, `x`},
		"main alone, empty":  {``, absent},
		"copy alone, broken": {absent, `{}`},
	}
	for name, files := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			for i, content := range files {
				if content != absent {
					write(t, d.Path([]string{mainName, copyName}[i]), []byte(content))
				}
			}
			_, _, err := d.Load()
			if err == nil || !strings.Contains(err.Error(), "restore one of the files") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestACrashBetweenTheTwoCopiesLosesNothing(t *testing.T) {
	t.Parallel()
	d := open(t)
	save(t, d, table(":80"))
	old, _ := os.ReadFile(d.Path(copyName))
	save(t, d, table(":81"))
	write(t, d.Path(copyName), old)
	write(t, d.Path(copyName+".tmp"), []byte("{"))
	if got, notice, err := d.Load(); err != nil || notice != "" || got.Services[0].Route.Front.Listen != ":81" {
		t.Errorf("got %+v, %q, %v", got, notice, err)
	}
	main, err := os.ReadFile(d.Path(mainName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(d.Path(mainName)); err != nil {
		t.Fatal(err)
	}
	if got, notice, err := d.Load(); err != nil || notice == "" || got.Services[0].Route.Front.Listen != ":81" {
		t.Errorf("without the main file: %+v, %q, %v", got, notice, err)
	}
	// Whoever is asked to acknowledge it writes the second copy first.
	write(t, d.Path(mainName), main)
	if _, _, err := d.Load(); err != nil {
		t.Fatal(err)
	}
	if err := d.Complete(); err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(d.Path(copyName)); err != nil || string(second) != string(main) {
		t.Errorf("the copy has %s, %v", second, err)
	}
}

func TestASecondProxyOnTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	d := open(t)
	if _, err := Open(d.path); !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), "--state") {
		t.Fatalf("got %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(d.path)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

const absent = "\x00absent"

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
