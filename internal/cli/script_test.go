package cli_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"cutover/internal/store"
	"cutover/internal/store/sqlite"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestTheCommandLineDoesWhatItSays plays the scenarios in testdata/script, each
// in a house of its own with the files of testdata/shop. In YAML files
// ${LISTEN}, ${SHOP} and so on are filled in.
func TestTheCommandLineDoesWhatItSays(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			h := settleAround(env)
			env.Vars = append(env.Vars, h.env()...)
			env.Values[houseKey{}] = &scene{house: h}
			env.Defer(h.leave)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "until": until, "answers": answers, "json": hasJSON, "nothing-begun": nothingBegun,
			"occupy": occupy, "vacate": vacate, "replace": replace, "instances": instances, "get": get,
			"copy-state": copyState, "truncate": truncate, "patch": patch,
			"example": example, "secret-free": secretFree,
		},
		Deadline:            time.Now().Add(12 * patience),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

type houseKey struct{}

// scene is a house in which a script plays, with what its commands remember.
type scene struct {
	*house
	before   string
	occupant net.Listener
}

func sceneOf(ts *testscript.TestScript) *scene { return ts.Value(houseKey{}).(*scene) }

// settleAround makes a house of a script's folder. The script's own files win
// over those of the shop.
func settleAround(env *testscript.Env) *house {
	t := env.T().(testing.TB)
	own := map[string]string{}
	files, err := filepath.Glob(filepath.Join(env.WorkDir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		own[filepath.Base(path)] = string(text)
	}
	h := settle(t, env.WorkDir)
	for name, text := range own {
		h.write(name, text)
	}
	return h
}

// exits CODE PROGRAM [ARG...] runs a program and demands its exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := codeOf(ts, args[1:]); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func codeOf(ts *testscript.TestScript, args []string) int {
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Fatalf("run %s: %v", args[0], err)
	return -1
}

// until PATTERN PROGRAM [ARG...] runs a program again and again until what it
// writes matches.
func until(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: until PATTERN PROGRAM [ARG...]")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	h, said := sceneOf(ts).house, ""
	done := within(patience, func() bool {
		cmd := exec.Command(program(h.t, args[1]), args[2:]...)
		cmd.Dir, cmd.Env = ts.MkAbs("."), envOf(ts, h)
		out, _ := cmd.CombinedOutput()
		said = string(out)
		return pattern.MatchString(said)
	})
	if !done {
		ts.Fatalf("in %s no match for %s; the last was:\n%s", patience, args[0], said)
	}
}

// envOf is the environment of the house as the script has changed it.
func envOf(ts *testscript.TestScript, h *house) []string {
	env := h.env()
	for i, v := range env {
		name, _, _ := strings.Cut(v, "=")
		env[i] = name + "=" + ts.Getenv(name)
	}
	return env
}

// answers VERSION waits until users get this version, and demands that ten
// users then get no other.
func answers(ts *testscript.TestScript, _ bool, args []string) {
	h := sceneOf(ts).house
	version := func() string {
		resp, err := http.Get("http://" + h.listen + "/version")
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.Header.Get("X-App-Version")
	}
	if !within(patience, func() bool { return version() == args[0] }) {
		ts.Fatalf("users get %s, not %s", version(), args[0])
	}
	for range 10 {
		if got := version(); got != args[0] {
			ts.Fatalf("a user got %s, not %s", got, args[0])
		}
	}
}

// get PATTERN waits until the answer to GET / matches. With ! it demands that
// it does not match at once.
func get(ts *testscript.TestScript, neg bool, args []string) {
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	said := ""
	matches := func() bool {
		resp, err := http.Get("http://" + sceneOf(ts).listen + "/")
		if err != nil {
			said = err.Error()
			return false
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		ts.Check(err)
		said = resp.Status + " " + string(body)
		return pattern.Match(body)
	}
	if neg && matches() || !neg && !within(patience, matches) {
		ts.Fatalf("the answer is %s", said)
	}
}

// json [PATH[=VALUE]...] demands that the last output is one JSON document and
// nothing else, and that it has these values. A path has keys and indices
// with dots between them.
func hasJSON(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile("stdout")
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		ts.Fatalf("the output is not JSON: %v\n%s", err, text)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		ts.Fatalf("the output is more than one JSON document:\n%s", text)
	}
	for _, arg := range args {
		path, want, compared := strings.Cut(arg, "=")
		got, ok := lookUp(doc, path)
		if !ok || compared && fmt.Sprint(got) != want {
			ts.Fatalf("%s is %v (there: %v), want %s\n%s", path, got, ok, want, text)
		}
	}
}

func lookUp(doc any, path string) (any, bool) {
	for key := range strings.SplitSeq(path, ".") {
		switch in := doc.(type) {
		case map[string]any:
			v, ok := in[key]
			if !ok {
				return nil, false
			}
			doc = v
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(in) {
				return nil, false
			}
			doc = in[i]
		default:
			return nil, false
		}
	}
	return doc, true
}

// nothing-begun demands that the journal holds no release and the house no
// instance beyond those of the last time, and none the first time.
// With an argument it only remembers what there is.
func nothingBegun(ts *testscript.TestScript, _ bool, args []string) {
	s := sceneOf(ts)
	now := fmt.Sprintf("%d releases, %d instances", s.planned(ts), len(s.instances()))
	if s.before == "" {
		s.before = "0 releases, 0 instances"
	}
	if len(args) > 0 {
		s.before = now
	}
	if now != s.before {
		ts.Fatalf("there are %s, and there were %s", now, s.before)
	}
}

// planned counts the releases on record.
func (s *scene) planned(ts *testscript.TestScript) int {
	path := filepath.Join(s.state, "journal", "journal.db")
	if _, err := os.Stat(path); err != nil {
		return 0
	}
	j, err := sqlite.Open(s.t.Context(), path, sqlite.Options{ReadOnly: true})
	ts.Check(err)
	defer j.Close()
	records, err := j.Records(s.t.Context(), store.Query{})
	ts.Check(err)
	n := 0
	for _, r := range records {
		if r.Type == "planned" {
			n++
		}
	}
	return n
}

// instances N waits until that many instances run.
func instances(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	h := sceneOf(ts)
	if !within(patience, func() bool { return len(h.instances()) == want }) {
		ts.Fatalf("%d instances run, want %d", len(h.instances()), want)
	}
}

// occupy takes the address of the app before cutover can; vacate frees it.
func occupy(ts *testscript.TestScript, _ bool, _ []string) {
	s := sceneOf(ts)
	l, err := net.Listen("tcp", s.listen)
	ts.Check(err)
	s.occupant = l
	ts.Defer(func() { _ = l.Close() })
}

func vacate(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(sceneOf(ts).occupant.Close()) }

// copy-state NAME keeps a copy of the state folder; copy-state back NAME puts it
// back in place of what is there.
func copyState(ts *testscript.TestScript, _ bool, args []string) {
	state := sceneOf(ts).state
	if len(args) == 2 {
		ts.Check(os.RemoveAll(state))
		ts.Check(os.CopyFS(state, os.DirFS(ts.MkAbs(args[1]))))
		ts.Check(os.Chmod(state, 0o700))
		return
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[0]), os.DirFS(state)))
}

// truncate FILE BYTES cuts a file off.
func truncate(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}

// patch FILE OFFSET HEX overwrites some bytes of a file.
func patch(ts *testscript.TestScript, _ bool, args []string) {
	offset, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	data, err := hex.DecodeString(args[2])
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY, 0)
	ts.Check(err)
	defer f.Close()
	_, err = f.WriteAt(data, offset)
	ts.Check(err)
}

// replace FILE OLD NEW changes every OLD in a file.
func replace(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	text, err := os.ReadFile(path)
	ts.Check(err)
	if !bytes.Contains(text, []byte(args[1])) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, bytes.ReplaceAll(text, []byte(args[1]), []byte(args[2])), 0o600))
}

// example NAME copies one of the examples that come with cutover, to be served
// at the house's address. Of a release of v1 it makes one of v2 beside it, as
// the README does.
func example(ts *testscript.TestScript, _ bool, args []string) {
	h := sceneOf(ts)
	from := filepath.Join(h.repository, "examples", args[0])
	ts.Check(os.CopyFS(filepath.Join(h.home, "example"), os.DirFS(from)))
	ts.Check(ts.Chdir("example"))
	text := strings.ReplaceAll(ts.ReadFile("cutover.yaml"), "127.0.0.1:8080", h.listen)
	ts.Check(os.WriteFile(ts.MkAbs("cutover.yaml"), []byte(text), 0o600))
	text = strings.NewReplacer("shop-v1", "shop-v2", "to: v1", "to: v2").Replace(text)
	ts.Check(os.WriteFile(ts.MkAbs("v2.yaml"), []byte(text), 0o600))
}

// secret-free WORD... demands that no file in the state folder has one of them.
func secretFree(ts *testscript.TestScript, _ bool, args []string) {
	files := 0
	ts.Check(filepath.WalkDir(sceneOf(ts).state, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, secret := range args {
			if bytes.Contains(text, []byte(secret)) {
				ts.Fatalf("%s has %q in it", path, secret)
			}
		}
		return err
	}))
	if files == 0 {
		ts.Fatalf("there is no file in %s", sceneOf(ts).state)
	}
}
