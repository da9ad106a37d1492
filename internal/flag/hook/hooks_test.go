package hook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/flag"
	"cutover/internal/flag/fence"
	"cutover/internal/flag/flagtest"
	"cutover/internal/flag/hook"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

// listener is an app that is told by requests.
type listener struct {
	*httptest.Server
	mu   sync.Mutex
	told []told
	// answer, if set, is given in place of 204.
	answer func(w http.ResponseWriter, r *http.Request)
}

type told struct {
	path, key, body string
	header          http.Header
	on              bool
}

func listen(t *testing.T) *listener {
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		var sent struct{ Enabled bool }
		_ = json.Unmarshal(body, &sent) // a body of its own need not be JSON
		l.mu.Lock()
		l.told = append(l.told, told{r.Method + " " + r.RequestURI, r.Header.Get("Idempotency-Key"), string(body), r.Header, sent.Enabled})
		answer := l.answer
		l.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) last() (told, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.told) == 0 {
		return told{}, false
	}
	return l.told[len(l.told)-1], true
}

func open(dir string) flag.Member { return hook.Hooks{Fences: fence.Book{Folder: dir}} }

func TestRequestsTellAnAppOfItsFlags(t *testing.T) {
	t.Parallel()
	flagtest.Run(t, func(t *testing.T) flagtest.Setup {
		l, dir := listen(t), t.TempDir()
		return flagtest.Setup{
			Open: func() flag.Member { return open(dir) },
			Flag: release.Flag{Name: "search", HTTP: &release.FlagRequest{Method: "POST", URL: l.URL + "/flags/{{flag}}"}},
			Knows: func() (bool, bool) {
				last, known := l.last()
				return last.on, known
			},
		}
	})
}

func TestProgramsTellAnAppOfItsFlags(t *testing.T) {
	t.Parallel()
	flagtest.Run(t, func(t *testing.T) flagtest.Setup {
		dir := t.TempDir()
		out := filepath.Join(dir, "known")
		return flagtest.Setup{
			Open: func() flag.Member { return open(filepath.Join(dir, "state")) },
			Flag: release.Flag{Name: "search", Command: &release.FlagCommand{Args: []string{"sh", "-c", `echo "$1" > "$2"`, "sh", "{{enabled}}", out}, Dir: dir}},
			Knows: func() (bool, bool) {
				text, err := os.ReadFile(out)
				on, bad := strconv.ParseBool(strings.TrimSpace(string(text)))
				return on, err == nil && bad == nil
			},
		}
	})
}

func order(f release.Flag) release.FlagOrder {
	f.Name = "search"
	return release.FlagOrder{Stamp: release.Stamp{App: "shop", Key: "r1/7", Fence: 1}, Flag: f}
}

func TestARequestSaysWhatItIsAboutAndUnderWhichKey(t *testing.T) {
	t.Parallel()
	l := listen(t)
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := order(release.Flag{HTTP: &release.FlagRequest{Method: "PUT", URL: l.URL + "/{{app}}/{{flag}}?to={{state}}",
		Headers: map[string]string{"Authorization": "file:" + secret, "X-Flag": "{{flag}}"}}})
	if err := open(t.TempDir()).Tell(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	got, _ := l.last()
	if got.path != "PUT /shop/search?to=off" || got.key != "r1/7" || got.header.Get("Authorization") != "s3cret" || got.header.Get("X-Flag") != "search" {
		t.Errorf("it got %+v", got)
	}
	if want := `{"app":"shop","enabled":false,"flag":"search","key":"r1/7"}`; got.body != want {
		t.Errorf("its body is %s, want %s", got.body, want)
	}
	o.Flag.HTTP.Body = "{{flag}}={{enabled}}"
	if err := open(t.TempDir()).Tell(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got, _ := l.last(); got.body != "search=false" {
		t.Errorf("its own body became %q", got.body)
	}
}

func TestAnAnswerThatIsNo2xxIsAnErrorWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	l := listen(t)
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("s3cret-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{301, 404, 500} {
		l.mu.Lock()
		l.answer = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			fmt.Fprintf(w, "no such flag for %s", r.Header.Get("Authorization"))
		}
		l.mu.Unlock()
		o := order(release.Flag{HTTP: &release.FlagRequest{Method: "POST", URL: l.URL + "/flags?q=hidden", Headers: map[string]string{"Authorization": "file:" + secret}}})
		err := open(t.TempDir()).Tell(t.Context(), o)
		if err == nil || !strings.Contains(err.Error(), strconv.Itoa(status)) || !strings.Contains(err.Error(), "no such flag for ***") {
			t.Errorf("%d: %v", status, err)
		}
		if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "hidden")) {
			t.Errorf("it tells a secret: %v", err)
		}
	}
}

func TestAHookThatNobodyAnswersOrThatHangsIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	nobody := order(release.Flag{HTTP: &release.FlagRequest{Method: "POST", URL: "http://" + testkit.FreeAddr(t) + "/?token=hidden"}})
	err := open(t.TempDir()).Tell(t.Context(), nobody)
	if err == nil || !strings.Contains(err.Error(), "nothing listens there") || strings.Contains(err.Error(), "hidden") {
		t.Errorf("nobody: %v", err)
	}
	l := listen(t)
	let := make(chan struct{})
	defer close(let)
	l.mu.Lock()
	l.answer = func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-let:
		}
	}
	l.mu.Unlock()
	for name, f := range map[string]release.Flag{
		"request": {HTTP: &release.FlagRequest{Method: "POST", URL: l.URL}},
		"program": {Command: &release.FlagCommand{Args: []string{"sh", "-c", "sleep 1000 & sleep 1000"}, Dir: "/"}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := open(t.TempDir()).Tell(ctx, order(f))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a %s that hangs: %v", name, err)
		}
	}
}

func TestAProgramIsToldByItsArgumentsAndItsEnvironmentWithoutAShell(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := order(release.Flag{Command: &release.FlagCommand{Dir: dir,
		Args: []string{"sh", "-c", `echo "$CUTOVER_APP $CUTOVER_FLAG $CUTOVER_FLAG_STATE $CUTOVER_FLAG_ENABLED $CUTOVER_KEY $1" > out`, "sh", "{{app}} $(id); {{state}}"}}})
	if err := open(t.TempDir()).Tell(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "out"))
	if want := "shop search off false r1/7 shop $(id); off\n"; err != nil || string(text) != want {
		t.Errorf("it was told %q, %v; want %q", text, err, want)
	}
}

func TestAProgramThatFailsIsQuotedWithItsLastWords(t *testing.T) {
	t.Parallel()
	o := order(release.Flag{Command: &release.FlagCommand{Dir: "/", Args: []string{"sh", "-c", "echo connecting to postgres://ann:hidden@db; echo no database >&2; exit 3"}}})
	err := open(t.TempDir()).Tell(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no database") || strings.Contains(err.Error(), "hidden") {
		t.Errorf("%v", err)
	}
}

func TestWhatCannotTellAnybodyIsNotReady(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]release.Flag{
		"find the program":      {Command: &release.FlagCommand{Args: []string{"no-such-program-anywhere"}, Dir: "/"}},
		"no http":               {HTTP: &release.FlagRequest{Method: "POST", URL: "ftp://h/"}},
		"resolve header X-Auth": {HTTP: &release.FlagRequest{Method: "POST", URL: "http://h/", Headers: map[string]string{"X-Auth": "file:/nowhere/at/all"}}},
	} {
		if err := open(t.TempDir()).Ready(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func TestAHookHearsWhichPartOfTheAppIsMeant(t *testing.T) {
	t.Parallel()
	l := listen(t)
	o := order(release.Flag{HTTP: &release.FlagRequest{Method: "POST", URL: l.URL + "/{{flag}}?version={{version}}&component={{component}}"}})
	for want, only := range map[string]release.FlagScope{
		`POST /search?version=v2&component= {"app":"shop","enabled":false,"flag":"search","key":"r1/7","version":"v2"}`:           {Version: "v2"},
		`POST /search?version=&component=worker {"app":"shop","component":"worker","enabled":false,"flag":"search","key":"r1/7"}`: {Component: "worker"},
		`POST /search?version=&component= {"app":"shop","enabled":false,"flag":"search","key":"r1/7"}`:                            {},
	} {
		o.Only = only
		if err := open(t.TempDir()).Tell(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if got, _ := l.last(); got.path+" "+got.body != want {
			t.Errorf("it heard %s %s, want %s", got.path, got.body, want)
		}
	}
	dir := t.TempDir()
	o.Flag.HTTP, o.Only = nil, release.FlagScope{Version: "v2", Component: "worker"}
	o.Flag.Command = &release.FlagCommand{Dir: dir, Args: []string{"sh", "-c", `echo "$1 $2 $CUTOVER_FLAG_VERSION $CUTOVER_FLAG_COMPONENT" > told`, "sh", "{{version}}", "{{component}}"}}
	if err := open(t.TempDir()).Tell(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "told")); err != nil || string(got) != "v2 worker v2 worker\n" {
		t.Errorf("the program was told %q, %v", got, err)
	}
}
