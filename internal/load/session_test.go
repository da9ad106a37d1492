package load_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/load"
)

// portal is an app with a login: a token in its form, a session in a cookie, a
// token for its API in JSON.
type portal struct {
	mu     sync.Mutex
	serial int
	// forms are tokens that were given out, sessions and keys who has which.
	forms, sessions, keys map[string]string
	logins                map[string]int
	asked                 seen
}

func newPortal() *portal {
	return &portal{forms: map[string]string{}, sessions: map[string]string{}, keys: map[string]string{}, logins: map[string]int{}}
}

func (p *portal) next(kind string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial++
	return fmt.Sprintf("%s-secret-%d", kind, p.serial)
}

func (p *portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /login":
		token := p.next("csrf")
		p.mu.Lock()
		p.forms[token] = ""
		p.mu.Unlock()
		fmt.Fprintf(w, `<form><input name="csrf_token" value="%s"></form>`, token)
	case "POST /login":
		p.login(w, r)
	case "GET /home":
		if p.who(r) == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"user": p.who(r), "api": map[string]string{"key": p.next("key of " + p.who(r))}})
	case "POST /api":
		var body struct{ Name string }
		err := json.NewDecoder(r.Body).Decode(&body)
		if key := r.Header.Get("X-Key"); err != nil || !strings.Contains(key, "key of "+p.who(r)) || p.who(r) == "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		p.asked.add(p.who(r) + " " + body.Name + " " + r.URL.Query().Get("q"))
		w.WriteHeader(http.StatusCreated)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (p *portal) login(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	_, known := p.forms[r.PostFormValue("csrf_token")]
	delete(p.forms, r.PostFormValue("csrf_token"))
	p.mu.Unlock()
	name := r.PostFormValue("name")
	if !known || r.PostFormValue("password") != "open & sesame "+name {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	session := p.next("session")
	p.mu.Lock()
	p.sessions[session] = name
	p.logins[name]++
	p.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: session, Path: "/"})
	http.Redirect(w, r, "/home", http.StatusFound)
}

func (p *portal) who(r *http.Request) string {
	c, err := r.Cookie("sid")
	if err != nil {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sessions[c.Value]
}

// visitors log in once and then use the API.
func visitors(url string) load.Plan {
	p := once(url, 20)
	p.Stages[0].From, p.Stages[0].To = 4, 4
	p.Variables = map[string]string{"phrase": "env:PORTAL_PHRASE"}
	p.Scenarios[0].Data = &load.Data{Columns: []string{"name"}, Rows: [][]string{{"ann"}, {"b\"ob"}, {"cy"}, {"d&e"}}, PerUser: true}
	p.Scenarios[0].Login = []load.Step{
		{Request: &load.Request{Method: "GET", Path: "/login", Capture: []load.Capture{{Variable: "csrf", Regexp: `name="csrf_token" value="([^"]+)"`}}}},
		{Request: &load.Request{Name: "log in", Method: "POST", Path: "/login",
			Form:    map[string]string{"name": "{{name}}", "password": "{{phrase}} {{name}}", "csrf_token": "{{csrf}}"},
			Expect:  load.Expect{Status: []int{200}},
			Capture: []load.Capture{{Variable: "key", JSON: "$.api.key"}}}},
	}
	p.Scenarios[0].Steps = []load.Step{{Request: &load.Request{Name: "use", Method: "POST", Path: "/api?q={{name}}&x=1", Headers: map[string]string{"X-Key": "{{key}}"},
		Body: `{"name": "{{name}}"}`, Expect: load.Expect{Status: []int{201}}}}}
	return p
}

func TestEachUserLogsInOnceAndKeepsASessionOfItsOwn(t *testing.T) {
	t.Setenv("PORTAL_PHRASE", "open & sesame")
	for _, model := range []load.Model{load.Closed, load.Open} {
		app := newPortal()
		p := visitors(serve(t, app))
		if model == load.Open {
			p.Model, p.Stages = load.Open, []load.Stage{{From: 40, To: 40, Lasts: time.Minute}}
		}
		r := run(t, p)
		if !r.Passed() {
			t.Fatalf("%s: %+v", model, r.Sides[0].Total.Wrong)
		}
		asked := app.asked.all()
		names := map[string]bool{}
		for _, a := range asked {
			name, _, _ := strings.Cut(a, " ")
			names[name] = true
			if a != name+" "+name+" "+name {
				t.Errorf("%s: a value was changed on its way: %q", model, a)
			}
		}
		if len(asked) != 20 || model == load.Closed && len(names) != 4 {
			t.Errorf("%s: %d requests by %v", model, len(asked), names)
		}
		for name, n := range app.logins {
			if model == load.Closed && n != 1 {
				t.Errorf("%s logged in %d times", name, n)
			}
		}
	}
}

func TestNothingSecretIsInAResult(t *testing.T) {
	t.Setenv("PORTAL_PHRASE", "closed & secret phrase")
	p := visitors(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" {
			fmt.Fprint(w, `name="csrf_token" value="token-to-hide"`)
			return
		}
		fmt.Fprintf(w, `{"said": %q}`, r.PostFormValue("password")+" "+r.PostFormValue("csrf_token"))
	})))
	p.Scenarios[0].Login[1].Request.Expect.JSON = map[string]string{"$.said": "nothing"}
	r := run(t, p)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "***") || r.Sides[0].Total.Faults[load.ExpectationFault] == 0 {
		t.Fatalf("the answer is not spoken of: %s", text)
	}
	for _, secret := range []string{"closed & secret", "phrase", "token-to-hide"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in the result: %s", secret, text)
		}
	}
}

func TestRowsGoRoundByIterationOrStayWithAUser(t *testing.T) {
	t.Parallel()
	for _, perUser := range []bool{false, true} {
		var asked seen
		p := once(serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked.add(r.URL.Path) })), 5, get("/{{item}}/{{userNumber}}"))
		p.Scenarios[0].Data = &load.Data{Columns: []string{"other", "item"}, Rows: [][]string{{"x", "a b"}, {"x", "c/d"}}, PerUser: perUser}
		run(t, p)
		want := []string{"/a b/0", "/c/d/0", "/a b/0", "/c/d/0", "/a b/0"}
		if perUser {
			want = []string{"/a b/0", "/a b/0", "/a b/0", "/a b/0", "/a b/0"}
		}
		if got := asked.all(); !slices.Equal(got, want) {
			t.Errorf("asked for %q; want %q", got, want)
		}
	}
}

func TestAMissingValueEndsTheIterationAndSaysWhich(t *testing.T) {
	t.Parallel()
	var asked seen
	step := get("/token")
	step.Request.Capture = []load.Capture{{Variable: "token", Header: "X-Token"}}
	p := once(serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked.add(r.URL.Path) })), 1, step, get("/{{token}}"))
	r := run(t, p)
	if got := asked.all(); !slices.Equal(got, []string{"/token"}) || r.Sides[0].Total.Wrong[0].What != "expectation: no token to capture: there is no header X-Token" {
		t.Errorf("asked for %q: %+v", got, r.Sides[0].Total.Wrong)
	}
}

func TestASecretThatIsNotThereIsSaidBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	var asked seen
	p := once(serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked.add(r.URL.Path) })), 1, get("/"))
	p.Scenarios[0].Steps[0].Request.Headers = map[string]string{"Authorization": "env:NO_SUCH_VARIABLE_HERE"}
	if _, err := load.Run(t.Context(), p, nil); err == nil || !strings.Contains(err.Error(), "NO_SUCH_VARIABLE_HERE") || len(asked.all()) > 0 {
		t.Errorf("%v; asked for %q", err, asked.all())
	}
}
