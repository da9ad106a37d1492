package sample_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/demo/sample"
	"cutover/internal/schema"
	"cutover/internal/schema/file"
	"cutover/internal/schema/sqlite"
	"cutover/internal/testkit"
)

// keep sends a line and returns the address that was answered.
func keep(t *testing.T, method, url, id, line string) (sample.Address, int) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"line": line})
	if err != nil {
		t.Fatal(err)
	}
	resp, text := request(t, method, url, id, string(body))
	return readAddress(t, resp, text), resp.StatusCode
}

func get(t *testing.T, url string) (sample.Address, int) {
	t.Helper()
	resp, text := request(t, "GET", url, "", "")
	return readAddress(t, resp, text), resp.StatusCode
}

func readAddress(t *testing.T, resp *http.Response, text string) (a sample.Address) {
	t.Helper()
	if resp.StatusCode < 300 {
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatalf("%v in %q", err, text)
		}
	}
	return a
}

func TestAddressesAreKeptListedChangedAndShown(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]sample.Address{
		"v1": {ID: "a-1", Line: "Low Road 7a", Street: "Low Road 7a"},
		"v2": {ID: "a-1", Line: "Low Road 7a", StreetName: "Low Road", HouseNumber: "7a"},
	} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "a shop?.db")
			p, url := startShop(t, version, "SAMPLE_DATABASE="+path)
			if got, code := keep(t, "POST", url+"/api/addresses", "a-1", " Low  Road 7a"); code != 201 || got != want {
				t.Errorf("answered %d %+v, want 201 %+v", code, got, want)
			}
			if got, code := get(t, url+"/api/addresses/a-1"); code != 200 || got != want {
				t.Errorf("answered %d %+v, want 200 %+v", code, got, want)
			}
			if got, code := keep(t, "PUT", url+"/api/addresses/a-1", "", "High Road"); code != 200 || got.Line != "High Road" || got.HouseNumber != "" {
				t.Errorf("answered %d %+v", code, got)
			}
			for _, c := range []struct {
				method, path, body string
				want               int
			}{{"POST", "", `{"line":"x"}`, 409}, {"POST", "", `{"line":" "}`, 422}, {"POST", "", "x", 400}, {"PUT", "/none", `{"line":"x"}`, 404}, {"GET", "/none", "", 404}} {
				if resp, text := request(t, c.method, url+"/api/addresses"+c.path, "a-1", c.body); resp.StatusCode != c.want {
					t.Errorf("%s %s %s: answered %d %s, want %d", c.method, c.path, c.body, resp.StatusCode, text, c.want)
				}
			}
			if _, text := request(t, "GET", url+"/api/addresses", "", ""); !strings.Contains(text, `"count":1`) || !strings.Contains(text, `"line":"High Road"`) {
				t.Errorf("listed: %s", text)
			}
			if _, page := request(t, "GET", url+"/", "", ""); !strings.Contains(page, "<li>High Road</li>") {
				t.Errorf("the page does not show the address:\n%s", page)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			p.Term()
			if code := p.ExitCode(); code != 0 {
				t.Errorf("exit code %d: %s", code, p.Output())
			}
			_, url = startShop(t, version, "SAMPLE_DATABASE="+path)
			if got, code := get(t, url+"/api/addresses/a-1"); code != 200 || got.Line != "High Road" {
				t.Errorf("after a restart: %d %+v", code, got)
			}
		})
	}
}

func TestAShopWithoutADatabaseKeepsNoAddresses(t *testing.T) {
	t.Parallel()
	_, url := startShop(t, "v2")
	if resp, _ := request(t, "GET", url+"/api/addresses", "", ""); resp.StatusCode != 404 {
		t.Errorf("answered %d", resp.StatusCode)
	}
	if _, page := request(t, "GET", url+"/", "", ""); strings.Contains(page, "Deliver to") {
		t.Error("the page asks for addresses")
	}
}

// The shop's two versions, as processes, on one database.
type street struct {
	t        *testing.T
	v1, v2   string
	engine   *sqlite.Engine
	change   schema.Change
	mu       sync.Mutex
	lines    map[string]string
	mistakes []string
}

func newStreet(t *testing.T) *street {
	t.Helper()
	c, err := file.Parse(sample.Change())
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "shop.db")
	s := &street{t: t, change: c, engine: &sqlite.Engine{Path: path}, lines: map[string]string{}}
	_, s.v1 = startShop(t, "v1", "SAMPLE_DATABASE="+path)
	_, s.v2 = startShop(t, "v2", "SAMPLE_DATABASE="+path)
	return s
}

// users write through the shops given, each user to addresses of its own, and
// read what they wrote through every one of them, until told to stop.
func (s *street) users(number string, shops ...string) (stop func()) {
	done := make(chan struct{})
	var group sync.WaitGroup
	for user := range 4 {
		group.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				s.one(fmt.Sprintf("%s-%d-%d", number, user, n), shops)
			}
		})
	}
	return func() {
		close(done)
		group.Wait()
	}
}

// one address is kept through one shop, read through all, changed through
// another, and read again.
func (s *street) one(id string, shops []string) {
	lines := []string{"Low Road " + id, "Way of 7 " + fmt.Sprint(len(id)), "High Road"}
	for i, method := range []string{"POST", "PUT", "PUT"} {
		at := shops[(i+len(id))%len(shops)] + "/api/addresses"
		if method == "PUT" {
			at += "/" + id
		}
		s.send(method, at, id, lines[i])
		for _, shop := range shops {
			s.send("GET", shop+"/api/addresses/"+id, id, lines[i])
		}
	}
}

// send asks for or sends a line, and notes a mistake unless it comes back.
func (s *street) send(method, url, id, line string) {
	body := ""
	if method != "GET" {
		body = fmt.Sprintf(`{"line":%q}`, line)
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err == nil {
		req.Header.Set(sample.RequestIDHeader, id)
		var resp *http.Response
		if resp, err = client.Do(req); err == nil {
			var got sample.Address
			err = json.NewDecoder(resp.Body).Decode(&got)
			resp.Body.Close()
			if err == nil && got.Line != line {
				err = fmt.Errorf("the line is %q, not %q", got.Line, line)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.mistakes = append(s.mistakes, fmt.Sprintf("%s %s: %v", method, url, err))
	}
	s.lines[id] = line
}

func (s *street) known() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lines)
}

// grows waits until the users have kept some more addresses.
func (s *street) grows(what string) {
	s.t.Helper()
	was := s.known()
	testkit.Await(s.t, what, func() bool { return s.known() > was+10 })
}

// judge reads every address through a shop.
func (s *street) judge(shop string) {
	s.t.Helper()
	for _, m := range s.mistakes {
		s.t.Error(m)
	}
	for id, line := range s.lines {
		if got, code := get(s.t, shop+"/api/addresses/"+id); code != 200 || got.Line != line {
			s.t.Errorf("%s is %d %+v, want %q", id, code, got, line)
		}
	}
	if _, text := request(s.t, "GET", shop+"/api/addresses", "", ""); !strings.Contains(text, fmt.Sprintf(`"count":%d`, len(s.lines))) {
		s.t.Errorf("there should be %d addresses: %s", len(s.lines), text)
	}
}

func (s *street) health(shop string) int {
	s.t.Helper()
	resp, _ := request(s.t, "GET", shop+"/health", "", "")
	return resp.StatusCode
}

// window expands and fills while users write, old code's first and then both.
func (s *street) window() {
	s.t.Helper()
	if s.health(s.v1) != 200 || s.health(s.v2) != 503 {
		s.t.Error("the new version is ready before its columns are there")
	}
	stop := s.users("old", s.v1)
	s.grows("addresses of old code")
	s.must("expand", s.engine.Expand(s.t.Context(), s.change))
	s.grows("addresses of old code while the new columns are there")
	s.must("backfill", s.engine.Backfill(s.t.Context(), s.change, schema.Position{}, nil))
	stop()
	if s.health(s.v1) != 200 || s.health(s.v2) != 200 {
		s.t.Error("both versions should be ready in the window")
	}
	stop = s.users("both", s.v1, s.v2)
	s.grows("addresses of both")
	stop()
}

func (s *street) must(what string, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
}

func TestBothVersionsServeEachOthersAddressesUntilContract(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	s.window()
	stop := s.users("new", s.v2)
	s.grows("addresses of new code")
	s.must("contract", s.engine.Contract(t.Context(), s.change))
	s.grows("addresses of new code after contract")
	stop()
	s.judge(s.v2)
	testkit.Await(t, "the old version to notice", func() bool { return s.health(s.v1) == 503 })
	if s.health(s.v2) != 200 {
		t.Error("the new version is not ready after contract")
	}
}

func TestARollbackLeavesTheOldVersionWithEveryAddressOfTheNewOne(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	s.window()
	stop := s.users("again", s.v1)
	s.grows("addresses of old code in the rollback")
	s.must("revert", s.engine.Revert(t.Context(), s.change))
	s.grows("addresses of old code after the rollback")
	stop()
	s.judge(s.v1)
	if s.health(s.v1) != 200 || s.health(s.v2) != 503 {
		t.Error("the new version is ready after the rollback")
	}
}

func TestTwoInstancesThatStartAtOnceMakeOneDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "shop.db")
	env := []string{"SAMPLE_ADDR=127.0.0.1:0", "SAMPLE_VERSION=v1", "SAMPLE_DATABASE=" + path}
	var all []*testkit.Process
	for range 4 {
		all = append(all, testkit.Start(t, "shop", env...))
	}
	began := time.Now()
	for i, p := range all {
		url := "http://" + p.Line("listening on ")
		if _, code := keep(t, "POST", url+"/api/addresses", fmt.Sprint(i), "High Road"); code != 201 {
			t.Errorf("instance %d answered %d after %s: %s", i, code, time.Since(began), p.Output())
		}
	}
}
