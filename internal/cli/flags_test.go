package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/release"
)

const flaggedApp = `
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web:
      command: ["${MIRROR}", "-port", "{{port}}"]
      replicas: 2
      health: {path: /, every: 100ms}
  config: {env: {VERSION: "{{version}}"}}
  flags:
    search: {file: {path: flags.json, mode: "0640"}}
    banner: {file: {path: flagd.json, format: flagd}}
    maps:   {component: web, environment: {variable: FEATURE_MAPS, on: "yes", off: "no"}}
    export: {http: {url: "${HOOK}/flags/{{flag}}", headers: {X-App: "{{app}}"}}, timeout: 5m, retries: 1, pause: 100ms}
    import: {command: [sh, -c, "echo $CUTOVER_KEY $1 >> import.txt", sh, "{{state}}"]}
  traffic: {listen: "${LISTEN}", streamGrace: 1s, streamSpread: 1s}
`

// hook is the part of the app that is told by requests.
type hook struct {
	*httptest.Server
	mu   sync.Mutex
	told []hooked
	// hold, if set, keeps answers back until it is closed; status is the answer.
	hold   chan struct{}
	status int
}

type hooked struct {
	key     string
	enabled bool
}

func newHook(t *testing.T) *hook {
	k := &hook{status: http.StatusNoContent}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent struct{ Enabled bool }
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &sent) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		k.mu.Lock()
		k.told = append(k.told, hooked{r.Header.Get("Idempotency-Key"), sent.Enabled})
		hold, status := k.hold, k.status
		k.mu.Unlock()
		if hold != nil {
			select {
			case <-hold:
			case <-r.Context().Done():
			}
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(k.Close)
	return k
}

func (k *hook) set(hold chan struct{}, status int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hold, k.status = hold, status
}

func (k *hook) heard() []hooked {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]hooked(nil), k.told...)
}

// newFlagged makes a house with an app that has flags, and v1 of it.
func newFlagged(t *testing.T) (*house, *hook) {
	k := newHook(t)
	h := newHouse(t)
	h.more = append(h.more, "HOOK="+k.URL)
	h.write("app.yaml", flaggedApp)
	h.write("v1.yaml", strings.NewReplacer("shop-v2", "shop-v1", "to: v2", "to: v1", "from: v1", "").Replace(atOnce))
	h.write("v2.yaml", atOnce)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	return h, k
}

const atOnce = `
apiVersion: cutover/v1
kind: Release
metadata: {name: shop-v2, app: shop}
spec:
  from: v1
  to: v2
  strategy:
    type: blue-green
    hold: {atLeast: 100ms, atLeastRequests: 0}
    soak: {atLeast: 100ms, atLeastRequests: 0}
  ready: {within: 120s, settle: 100ms}
  checks: {smoke: [{http: /}]}
`

// reads returns a file of the house as JSON.
func (h *house) reads(name string) string {
	text, err := os.ReadFile(filepath.Join(h.home, name))
	if err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(string(text)), "")
}

// flag returns how a flag of the shop stands.
func (h *house) flag(name string) release.FlagView {
	h.t.Helper()
	all, err := h.client().Flags(h.t.Context(), "shop")
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range all.Flags {
		if f.Name == name {
			return f
		}
	}
	h.t.Fatalf("there is no flag %s in %+v", name, all)
	return release.FlagView{}
}

func (h *house) controller() int {
	for _, p := range h.processes() {
		if p.is("serve") {
			return p.pid
		}
	}
	return 0
}

func TestAFeatureIsSwitchedOffAndOnAgainInEveryWayThereIs(t *testing.T) {
	t.Parallel()
	h, k := newFlagged(t)
	const search, banner = `{"search":true}`, `"banner":{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"on"}`
	if got := h.reads("flags.json"); got != search {
		t.Errorf("v1 stands, and its file is %s", got)
	}
	if got := h.reads("flagd.json"); !strings.Contains(got, banner) {
		t.Errorf("v1 stands, and its file for flagd is %s", got)
	}
	if len(k.heard()) > 0 {
		t.Errorf("nothing was switched, and the hook heard %v", k.heard())
	}
	out := h.must(0, "disable", "search", "-m", "too slow")
	if !strings.Contains(out, "search of shop is off: the app was told, by file "+h.home) || h.reads("flags.json") != `{"search":false}` {
		t.Errorf("it said %s, and the file is %s", out, h.reads("flags.json"))
	}
	if info, err := os.Stat(filepath.Join(h.home, "flags.json")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	h.must(0, "disable", "banner", "shop")
	if got := h.reads("flagd.json"); !strings.Contains(got, `"defaultVariant":"off"`) {
		t.Errorf("flagd reads %s", got)
	}
	h.must(0, "disable", "export")
	h.must(0, "disable", "import")
	if out := h.must(0, "disable", "export"); !strings.Contains(out, "is off already") {
		t.Errorf("the second time it said %s", out)
	}
	for _, one := range k.heard() { // a controller that lost its lease for a moment asks again
		if one.enabled || !strings.HasPrefix(one.key, "shop-v1/") || one.key != k.heard()[0].key {
			t.Errorf("the hook heard %v", k.heard())
		}
	}
	if got := h.reads("import.txt"); !strings.HasPrefix(got, "shop-v1/") || !strings.HasSuffix(got, "off") {
		t.Errorf("the program was told %q", got)
	}
	if out := h.must(0, "status"); !strings.Contains(out, "shop: search is off since ") || !strings.Contains(out, ": too slow\n") {
		t.Errorf("status does not say what is off:\n%s", out)
	}
	out = h.must(0, "flags")
	for _, want := range []string{"search", "off", "too slow", "UTC"} {
		if !strings.Contains(out, want) {
			t.Errorf("flags do not say %q:\n%s", want, out)
		}
	}
	for _, name := range []string{"search", "banner", "export", "import"} {
		h.must(0, "enable", name, "-m", "mended")
		if f := h.flag(name); f.State != "on" || f.Told != release.FlagIsTold || f.Reason != "mended" {
			t.Errorf("%s is %+v", name, f)
		}
	}
	if told := k.heard(); len(told) < 2 || !told[len(told)-1].enabled || h.reads("flags.json") != search || !strings.Contains(h.reads("flagd.json"), banner) {
		t.Errorf("after enable the hook heard %v, and the files are %s and %s", told, h.reads("flags.json"), h.reads("flagd.json"))
	}
	if out := h.must(0, "history", "shop-v1"); !strings.Contains(out, "flag search switched off: too slow") {
		t.Errorf("the history has not what was switched:\n%s", out)
	}
	h.must(0, "audit", "verify")
}

func TestAFlagIsToldAsRecordedThoughItsControllerIsKilledMeanwhile(t *testing.T) {
	t.Parallel()
	h, k := newFlagged(t)
	hold := make(chan struct{})
	k.set(hold, http.StatusNoContent)
	h.must(0, "disable", "--detach", "export", "-m", "it fills the disk")
	await(t, "the hook to be asked", func() bool { return len(k.heard()) > 0 })
	h.must(0, "disable", "--detach", "search")
	kill(t, h.controller())
	await(t, "the controller to be gone", func() bool { return h.controller() == 0 })
	k.set(nil, http.StatusNoContent)
	close(hold)
	if err := os.Remove(filepath.Join(h.home, "flags.json")); err != nil {
		t.Fatal(err)
	}
	h.must(2, "enable", "export") // nobody could put that on record

	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml") // starts another controller
	await(t, "the app to be told", func() bool {
		return h.flag("export").Told == release.FlagIsTold && h.flag("search").Told == release.FlagIsTold
	})
	told := k.heard()
	if last := told[len(told)-1]; last.enabled || len(told) < 2 || last.key != told[0].key {
		t.Errorf("the hook heard %v, want off each time, under one key", told)
	}
	await(t, "the file that was lost to be there again", func() bool { return h.reads("flags.json") == `{"search":false}` })
	if f := h.flag("export"); f.State != "off" || f.Reason != "it fills the disk" {
		t.Errorf("export is %+v", f)
	}
	open := 0
	for _, l := range h.lines("shop-v1") {
		switch l.Type {
		case "flag-intended":
			open++
		case "flag-finished":
			open--
		}
	}
	if open != 0 {
		t.Errorf("%d intents have no result", open)
	}
	h.must(0, "audit", "verify")
}

func TestAHookThatCannotBeReachedIsSaidPlainlyAndTriedAgainOnRequest(t *testing.T) {
	t.Parallel()
	h, k := newFlagged(t)
	k.set(nil, http.StatusServiceUnavailable)
	out := h.must(4, "disable", "export")
	for _, want := range []string{"is off on record, and the app could not be told", "answered 503", "then `cutover disable export` tries again"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	tries := 0
	for _, l := range h.lines("shop-v1") {
		if l.Type == "flag-finished" && strings.Contains(l.Text, "export off failed") {
			tries++
		}
	}
	if tries != 2 || len(k.heard()) < 2 {
		t.Errorf("%d tries are on record, and the hook heard %v; want one and a repetition", tries, k.heard())
	}
	k.set(nil, http.StatusNoContent)
	h.must(0, "disable", "export")
	if f := h.flag("export"); f.Told != release.FlagIsTold || f.State != "off" {
		t.Errorf("it is %+v", f)
	}
	for want, args := range map[string][]string{
		`shop has no flag named "exprot": there are banner, export, import, maps, search`: {"disable", "exprot"},
		`there is no app named "shp"`:       {"disable", "export", "shp"},
		"takes a flag and, where there are": {"disable"},
	} {
		if out := h.must(2, args...); !strings.Contains(out, want) {
			t.Errorf("cutover %v says %s, want %s", args, out, want)
		}
	}
}

func TestAFeatureThatIsOffStaysOffInTheNextVersionAndReportsSaySo(t *testing.T) {
	t.Parallel()
	h, _ := newFlagged(t)
	for _, name := range []string{"search", "maps"} {
		h.must(0, "disable", name, "-m", "for now")
	}
	if out := h.must(0, "plan", "-f", "app.yaml", "-f", "v2.yaml"); !strings.Contains(out, "search stays off: since ") || !strings.Contains(out, "takes a restart") {
		t.Errorf("the plan does not say so:\n%s", out)
	}
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml")
	for _, p := range h.instances() {
		version := "v1"
		if strings.Contains(p.env, "\x00VERSION=v2\x00") {
			version = "v2"
		}
		want := map[string]string{"v1": "yes", "v2": "no"}[version]
		if !strings.Contains(p.env, "\x00FEATURE_MAPS="+want+"\x00") {
			t.Errorf("an instance of %s has not FEATURE_MAPS=%s", version, want)
		}
	}
	if got := h.reads("flags.json"); got != `{"search":false}` {
		t.Errorf("v2 reads %s", got)
	}
	if out := h.must(0, "report", "shop-v2"); !strings.Contains(out, "search since") || !strings.Contains(out, "for now") {
		t.Errorf("the report does not say what was off:\n%s", out)
	}
	h.must(0, "rollback", "shop")
	if f := h.flag("search"); f.State != "off" {
		t.Errorf("after the rollback it is %+v", f)
	}
}

func TestInstancesAreStartedAnewOnlyIfThatIsAskedForAndNobodyIsLetDown(t *testing.T) {
	t.Parallel()
	h, _ := newFlagged(t)
	out := h.must(0, "disable", "maps")
	if !strings.Contains(out, "is off for instances that start from now on") || !strings.Contains(out, "2 instances go on as before") {
		t.Errorf("it said %s", out)
	}
	before := h.instances()
	if f := h.flag("maps"); f.Told != release.FlagAtStart || len(f.Before) != 2 {
		t.Errorf("it is %+v", f)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	lost, asked := 0, 0
	go func() {
		defer close(done)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
			asked++
			res, err := http.Get("http://" + h.listen + "/")
			if err != nil {
				lost++
				continue
			}
			if res.StatusCode != http.StatusOK {
				lost++
			}
			res.Body.Close()
		}
	}()
	h.must(0, "disable", "maps", "--restart")
	await(t, "only fresh instances", func() bool {
		return h.view("shop-restart-1").State.Phase == release.Done && len(h.instances()) == 2
	})
	close(stop)
	<-done
	if lost > 0 || asked == 0 {
		t.Errorf("%d of %d requests were lost", lost, asked)
	}
	for _, p := range h.instances() {
		for _, old := range before {
			if p.pid == old.pid {
				t.Errorf("process %d was not started anew", p.pid)
			}
		}
		if !strings.Contains(p.env, "\x00FEATURE_MAPS=no\x00") {
			t.Errorf("process %d has the feature", p.pid)
		}
	}
	if f := h.flag("maps"); f.Told != release.FlagIsTold {
		t.Errorf("it is %+v", f)
	}
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml")
}

func TestAFlagThatCannotBeToldIsRefusedBeforeAnythingBegins(t *testing.T) {
	t.Parallel()
	h, _ := newFlagged(t)
	for change, want := range map[string]string{
		"path: flags.json|path: nowhere/flags.json":  "flag search: there is no folder",
		"command: [sh,|command: [no-such-program-1,": "flag import: find the program",
	} {
		old, fresh, _ := strings.Cut(change, "|")
		h.write("bad.yaml", strings.Replace(flaggedApp, old, fresh, 1))
		if out := h.must(2, "deploy", "-f", "bad.yaml", "-f", "v2.yaml"); !strings.Contains(out, want) {
			t.Errorf("%s: it said %s, want %s", fresh, out, want)
		}
	}
	h.write("bad.yaml", strings.Replace(flaggedApp, "format: flagd", "format: flagdd", 1))
	if out := h.must(2, "lint", "-f", "bad.yaml", "-f", "v2.yaml"); !strings.Contains(out, "bad.yaml:") || !strings.Contains(out, `did you mean "flagd"?`) {
		t.Errorf("lint says %s", out)
	}
}
