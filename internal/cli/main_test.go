package cli_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"cutover/internal/cli"

	"github.com/rogpeppe/go-internal/testscript"
)

// programs are what this test binary can be: cutover itself, and an app that
// shows how it was configured. Both run as processes of their own.
var programs = map[string]func(){
	"cutover": func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	"mirror":  func() { os.Exit(runMirror(os.Args[1:])) },
	"shaky":   func() { os.Exit(runShaky(os.Args[1:])) },
	"teller":  func() { os.Exit(runTeller(os.Args[1:])) },
	"cacher":  func() { os.Exit(runCacher(os.Args[1:])) },
}

// TestMain becomes one of the programs if it was started under its name, by
// whatever first argument: cutover starts itself as /proc/self/exe.
func TestMain(m *testing.M) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	if run, ok := programs[filepath.Base(self)]; ok {
		run()
	}
	flag.Parse()
	if !isSet("test.parallel") {
		// The tests mostly wait for processes, so more of them than there are
		// processors can run at once.
		_ = flag.Set("test.parallel", "6")
	}
	testscript.Main(thenDown{m}, programs)
}

// thenDown ends what the tests share after they have run.
type thenDown struct{ *testing.M }

// Run implements testscript.TestingM.
func (m thenDown) Run() int {
	code := m.M.Run()
	docker.Stop()
	manager.Stop()
	return code
}

func isSet(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}
