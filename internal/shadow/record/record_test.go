package record

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func request(t *testing.T, method, target string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.ContentLength = 0
	return r
}

func TestSecretsNeverReachTheFile(t *testing.T) {
	t.Parallel()
	r := request(t, "GET", "http://shop.example/items?page=2&access_token=hunter2&user=hunter2")
	for name, value := range map[string]string{
		"Authorization": "Bearer hunter2", "Cookie": "sid=hunter2", "X-Api-Key": "hunter2", "X-Employee": "hunter2",
		"Cutover-Private": "hunter2", "Referer": "http://a/?t=hunter2", "Accept": "text/html",
	} {
		r.Header.Set(name, value)
	}
	path := filepath.Join(t.TempDir(), "r.jsonl")
	f, err := Create(path, 1<<20, 1)
	if err != nil {
		t.Fatal(err)
	}
	wanted := Wanted{Mask: Mask{Headers: []string{"x-employee"}, Query: []string{"User"}}}
	kept, err := wanted.Keep(RawOf(r, time.Now()))
	if err != nil || !wanted.Wants(r) {
		t.Fatalf("it is not recorded: %v", err)
	}
	if err := f.Write(kept); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("hunter2")) || !bytes.Contains(text, []byte("text/html")) || !bytes.Contains(text, []byte("page=2")) {
		t.Errorf("the file holds %s", text)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has %v, %v", info.Mode(), err)
	}
}

func TestWhatMayChangeSomethingIsNotRecordedUnlessAsked(t *testing.T) {
	t.Parallel()
	for _, r := range []*http.Request{request(t, "POST", "/"), request(t, "DELETE", "/"), httptest.NewRequest("GET", "/", strings.NewReader("x"))} {
		if (Wanted{}).Wants(r) {
			t.Errorf("%s with %d bytes is recorded", r.Method, r.ContentLength)
		}
		if (Wanted{Methods: []string{"PATCH"}, Body: 100}).Wants(r) {
			t.Errorf("%s is recorded where PATCH is asked for", r.Method)
		}
		if !(Wanted{Methods: []string{"GET", "POST", "DELETE"}, Body: 100}).Wants(r) {
			t.Errorf("%s is asked for and not recorded", r.Method)
		}
	}
}

func TestAFullFileIsPutAsideAndTheOldestGoes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "r")
	f, err := Create(path, 1, 2) // the least limit is one large request
	if err != nil {
		t.Fatal(err)
	}
	for k := range 40 {
		if err := f.Write(Request{Method: "GET", URI: fmt.Sprintf("/%d?%s", k, strings.Repeat("x", 30_000))}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%v, %v", entries, err)
	}
	last := ""
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Size() > maxLine {
			t.Errorf("%s has %d bytes, %v", e.Name(), info.Size(), err)
		}
	}
	text, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	if err := Read(text, func(r Request) error { last = r.URI[:4]; return nil }); err != nil || last != "/39?" {
		t.Errorf("it ends with %s, %v", last, err)
	}
	if err := f.Write(Request{URI: strings.Repeat("x", maxLine)}); err == nil {
		t.Error("a request that is too large is taken")
	}
}

func TestADamagedLineIsNamed(t *testing.T) {
	t.Parallel()
	err := Read(strings.NewReader("{}\n{\n"), func(Request) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v", err)
	}
}

func TestARehearsalFindsTheDifference(t *testing.T) {
	t.Parallel()
	version := func(price string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "given" || r.Header.Get("Cutover-Shadow") != "1" {
				http.Error(w, "who is that?", http.StatusForbidden)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"price":%s,"at":%d}`, price, time.Now().UnixNano())
		}))
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "http://")
	}
	var tape bytes.Buffer
	for k := range 40 {
		fmt.Fprintf(&tape, `{"method":"GET","host":"a","uri":"/items/%d","header":{"Authorization":["masked"]}}`+"\n", k)
	}
	p := Player{Old: version("1"), New: version("null"), Rate: 1e6, Header: http.Header{"Authorization": {"given"}}}
	c, err := p.Play(t.Context(), &tape)
	if err != nil {
		t.Fatal(err)
	}
	if f := c.Failing(); c.Samples != 40 || len(f) != 1 || f[0].Endpoint != "GET /items/{id}" || f[0].Path != "$.price" || f[0].Is != "null" {
		t.Errorf("got %v", c)
	}
}

func TestWritesArePlayedOnceAndOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	got := map[string][]string{}
	version := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || r.Header.Get("Cutover-Shadow") != "1" {
				t.Errorf("%s got %v, %v", name, r.Header, err)
			}
			mu.Lock()
			got[name] = append(got[name], r.Method+" "+string(body))
			mu.Unlock()
			fmt.Fprint(w, "thanks")
		}))
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "http://")
	}
	const tape = `{"method":"POST","host":"a","uri":"/items","header":{"Content-Type":["application/json"]},"body":"{\"page\":7}"}
{"method":"GET","host":"a","uri":"/items"}
{"method":"DELETE","host":"a","uri":"/items/1"}
`
	p := Player{Old: version("old"), New: version("new"), Rate: 1e6}
	out, err := p.Play(t.Context(), strings.NewReader(tape))
	if err != nil || out.LeftOut != 2 || out.Samples != 1 {
		t.Errorf("without writes: %+v, %v", out, err)
	}
	if len(got["old"]) != 2 || len(got["new"]) != 1 {
		t.Errorf("without writes the versions got %v", got)
	}
	clear(got)
	p.Writes = true
	out, err = p.Play(t.Context(), strings.NewReader(tape))
	if err != nil || out.LeftOut != 0 || out.Samples != 3 || len(out.Failing()) != 0 {
		t.Errorf("with writes: %+v, %v", out, err)
	}
	if strings.Join(got["new"], ",") != `POST {"page":7},GET ,DELETE ` || strings.Join(got["old"], ",") != `POST {"page":7},GET ,GET ,DELETE ` {
		t.Errorf("with writes the versions got %q", got)
	}
}
