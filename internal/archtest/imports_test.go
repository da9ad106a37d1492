// Package archtest keeps the house in its shape: who may import whom, and why.
package archtest

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath, Dir, Name              string
	Imports, TestImports, XTestImports []string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

func (p pkg) path() string { return strings.TrimPrefix(p.ImportPath, "cutover/") }

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-e", "-json", "cutover/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// pure lists packages that may import nothing but the named ones: they decide,
// and what decides must not be able to look at a clock, a file or a network.
var pure = []struct {
	path, reason string
	allowed      []string
}{
	{"internal/release", "the core decides without I/O, so that everything it can ever do is testable in nanoseconds",
		[]string{"cmp", "errors", "fmt", "maps", "math", "slices", "strings", "time"}},
	{"internal/analysis", "a verdict must be the same however often and whenever it is computed",
		[]string{"cmp", "errors", "fmt", "maps", "math", "slices", "strings", "time"}},
	{"internal/schema", "what a change of the schema is must not depend on a database or a file format",
		[]string{"crypto/sha256", "encoding/hex", "errors", "fmt", "maps", "slices", "strings"}},
	{"internal/schema/pace", "how fast a fill may go must follow from what was seen, so that every history can be played",
		[]string{"errors", "fmt", "math", "strings", "time"}},
	{"internal/signal", "what a reading means must be the same whoever read it and whenever it is asked",
		[]string{"cmp", "context", "cutover/internal/analysis", "errors", "fmt", "maps", "math", "regexp", "slices", "strconv", "strings", "time"}},
	{"internal/store", "the journal's promises must not depend on one way of keeping them",
		[]string{"context", "crypto/sha256", "encoding/binary", "encoding/hex", "encoding/json", "errors", "fmt", "strings", "time", "slices", "bytes", "math", "unicode/utf8"}},
}

// forbidden says what a package, or all below it, must not import.
var forbidden = []struct {
	from, to []string
	reason   string
}{
	{[]string{"internal/platform", "internal/traffic", "internal/check", "internal/snapshot", "internal/schema"},
		[]string{"internal/engine", "internal/store", "internal/config", "internal/api", "internal/cli"},
		"adapters act and do not decide: they know the core's types and their own client library"},
	{[]string{"internal/platform"}, []string{"internal/traffic", "internal/check", "internal/proxy"}, "adapters never import each other"},
	{[]string{"internal/traffic"}, []string{"internal/platform", "internal/check"}, "adapters never import each other"},
	{[]string{"internal/check"}, []string{"internal/platform", "internal/traffic", "internal/proxy"}, "adapters never import each other"},
	{[]string{"internal/engine", "internal/api"},
		[]string{"internal/platform", "internal/traffic", "internal/check", "internal/synthetic", "internal/snapshot", "internal/config", "internal/proxy", "internal/cli", "internal/store/sqlite"},
		"the engine owns its ports and must work with any adapter; only the command line puts them together"},
	{[]string{"internal/engine", "internal/api"}, []string{"internal/metrics", "internal/signal/watch", "internal/signal/condition"},
		"the engine knows what signals mean, which is pure, and not how they are read"},
	{[]string{"internal/schema/lint", "internal/schema/native", "internal/backup", "internal/rehearsal"},
		[]string{"internal/engine", "internal/store", "internal/config", "internal/api", "internal/cli", "internal/platform", "internal/traffic", "internal/check", "internal/proxy"},
		"adapters act and do not decide, and never import each other"},
	{[]string{"internal/cache"},
		[]string{"internal/engine", "internal/store", "internal/config", "internal/api", "internal/cli", "internal/platform", "internal/traffic", "internal/check", "internal/proxy", "internal/schema"},
		"adapters act and do not decide, and never import each other"},
	{[]string{"internal/pooler"},
		[]string{"internal/engine", "internal/store", "internal/config", "internal/api", "internal/cli", "internal/platform", "internal/traffic", "internal/check", "internal/proxy", "internal/schema", "internal/metrics"},
		"adapters act and do not decide, and never import each other"},
	{[]string{"internal/flag"},
		[]string{"internal/engine", "internal/store", "internal/config", "internal/api", "internal/cli", "internal/platform", "internal/traffic", "internal/check", "internal/proxy"},
		"telling an app of its flags is an adapter's work: it acts and does not decide"},
	{[]string{"internal/metrics"}, []string{"internal/engine", "internal/store", "internal/config", "internal/api", "internal/cli", "internal/platform", "internal/traffic", "internal/check", "internal/proxy", "internal/release"},
		"a source of signals reads and does not decide, and works for whatever is watched"},
	{[]string{"internal/signal"}, []string{"internal/metrics", "internal/engine", "internal/store", "internal/config", "internal/api", "internal/cli", "internal/platform", "internal/traffic", "internal/check", "internal/proxy"},
		"what a signal means does not depend on where it is read"},
	{[]string{"internal/config"}, []string{"internal/metrics", "internal/engine", "internal/store", "internal/platform", "internal/traffic", "internal/check", "internal/proxy"},
		"a file is turned into a plan without anything having to run"},
	{[]string{"internal/proxy"}, []string{"internal/engine", "internal/store", "internal/config", "internal/platform", "internal/traffic", "internal/api", "internal/cli"},
		"the data plane is a process of its own that must outlive, and not depend on, the control plane"},
	{[]string{"internal/shadow"}, []string{"internal/engine", "internal/store", "internal/config", "internal/platform", "internal/traffic", "internal/proxy", "internal/api", "internal/cli"},
		"answers are compared the same way in the data plane, in a rehearsal and in a simulation"},
	{[]string{"internal/demo"}, []string{"internal/engine", "internal/store", "internal/platform", "internal/traffic", "internal/proxy", "internal/cli", "internal/config"},
		"the demo shows what a user sees: the program and its API, nothing behind them"},
	{[]string{"internal/report"},
		[]string{"internal/engine", "internal/store", "internal/config", "internal/platform", "internal/traffic", "internal/check", "internal/proxy", "internal/api", "internal/cli", "internal/shadow", "internal/schema"},
		"a report follows from the records of a release alone, so that it can be made anywhere and is the same each time"},
	{[]string{"internal/load"},
		[]string{"internal/engine", "internal/store", "internal/platform", "internal/traffic", "internal/check", "internal/proxy", "internal/api", "internal/cli", "internal/demo"},
		"a load knows addresses and nothing of what runs there, so that it can be put on anything"},
	{[]string{"internal/synthetic"},
		[]string{"internal/engine", "internal/store", "internal/config", "internal/platform", "internal/traffic", "internal/check", "internal/proxy", "internal/api", "internal/cli"},
		"it sends and does not decide, and never imports another adapter"},
	{[]string{"internal/jsonpath"},
		[]string{"internal/check", "internal/load", "internal/config", "internal/release"},
		"finding a value in JSON depends on nobody who asks for one"},
}

// homes are the only places where a library may be imported, so that it can be
// replaced there. Each place uses it for a port of its own.
var homes = []struct {
	library string
	homes   []string
}{
	// Three accounts of latencies: the demo's users, a load, and the data plane.
	{"github.com/HdrHistogram/hdrhistogram-go", []string{"internal/demo/load", "internal/load", "internal/proxy/ledger"}},
	// The journal is kept in a database of cutover's own; a schema is changed in
	// one of the app's; and the sample is such an app.
	{"modernc.org/sqlite", []string{"internal/store/sqlite", "internal/schema/sqlite", "internal/demo/sample"}},
	{"github.com/wasilibs/go-pgquery", []string{"internal/schema/lint"}},
	// A condition is the only thing that is written in CEL; everything else is plain Go.
	{"cel.dev/cel-go", []string{"internal/signal/condition"}},
	{"github.com/jackc/pgx", []string{"bench/schema", "internal/backup", "internal/metrics/pgbouncer", "internal/metrics/postgres", "internal/pooler", "internal/rehearsal", "internal/schema/postgres", "internal/store/postgres", "internal/testkit/pgbouncer", "internal/testkit/postgres"}},
	{"github.com/redis/go-redis", []string{"internal/cache/redis"}},
	{"github.com/spf13/cobra", []string{"internal/cli"}},
	{"github.com/moby/moby", []string{"internal/platform/docker"}},
	{"github.com/containerd/errdefs", []string{"internal/platform/docker"}},
	{"github.com/goccy/go-yaml", []string{"internal/config", "internal/schema/file"}},
	{"github.com/invopop/jsonschema", []string{"internal/config"}},
	{"github.com/santhosh-tekuri/jsonschema", []string{"internal/config"}},
	{"golang.org/x/crypto", []string{"internal/proxy/issuer"}},
	{"golang.org/x/term", []string{"internal/cli"}},
	// What signs checkpoints.
	{"golang.org/x/mod", []string{"internal/audit/notary"}},
}

func TestPureCoresImportNothingThatTouchesTheWorld(t *testing.T) {
	all := packages(t)
	for _, rule := range pure {
		i := slices.IndexFunc(all, func(p pkg) bool { return p.path() == rule.path })
		if i < 0 {
			t.Errorf("%s does not exist any more; mend the rule", rule.path)
			continue
		}
		for _, imp := range all[i].Imports {
			if !slices.Contains(rule.allowed, imp) {
				t.Errorf("%s imports %s: %s", rule.path, imp, rule.reason)
			}
		}
	}
}

func TestNobodyImportsWhatItMustNotKnow(t *testing.T) {
	all := packages(t)
	for _, rule := range forbidden {
		for _, from := range rule.from {
			if !slices.ContainsFunc(all, func(p pkg) bool { return below(p.path(), from) }) {
				t.Errorf("%s does not exist any more; mend the rule", from)
			}
		}
		for _, p := range all {
			if !slices.ContainsFunc(rule.from, func(f string) bool { return below(p.path(), f) }) {
				continue
			}
			for _, imp := range p.Imports {
				imp = strings.TrimPrefix(imp, "cutover/")
				if slices.ContainsFunc(rule.to, func(to string) bool { return below(imp, to) }) {
					t.Errorf("%s imports %s: %s", p.path(), imp, rule.reason)
				}
			}
		}
	}
}

func TestALibraryHasOneHome(t *testing.T) {
	for _, p := range packages(t) {
		for _, imp := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			for _, h := range homes {
				if below(imp, h.library) && !slices.ContainsFunc(h.homes, func(home string) bool { return below(p.path(), home) }) {
					t.Errorf("%s imports %s, whose home is %s", p.path(), imp, strings.Join(h.homes, " or "))
				}
			}
		}
	}
}

func TestNoPackageHasANameThatSaysNothing(t *testing.T) {
	for _, p := range packages(t) {
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "types", "misc", "manager", "base"}, p.Name) {
			t.Errorf("%s: the name %q says nothing about what is inside", p.path(), p.Name)
		}
	}
}

func TestNoTestSleeps(t *testing.T) {
	for _, p := range packages(t) {
		for _, file := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			uses(t, filepath.Join(p.Dir, file), "time", "Sleep", "a test waits for a condition or injects the clock")
		}
	}
}

func TestTheCoreNeverLooksAtAClock(t *testing.T) {
	for _, p := range packages(t) {
		if p.path() != "internal/release" && p.path() != "internal/analysis" && p.path() != "internal/signal" {
			continue
		}
		for _, file := range p.GoFiles {
			for _, name := range []string{"Now", "Since", "Until", "After", "Sleep", "NewTimer", "NewTicker"} {
				uses(t, filepath.Join(p.Dir, file), "time", name, "time comes into the core as a value")
			}
		}
	}
}

// uses reports where a file mentions name of the package.
func uses(t *testing.T, file, from, name, reason string) {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != name {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == from && x.Obj == nil {
			t.Errorf("%s uses %s.%s: %s", set.Position(sel.Pos()), from, name, reason)
		}
		return true
	})
}

// below reports whether path is dir or lies in it.
func below(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
