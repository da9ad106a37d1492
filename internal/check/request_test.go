package check_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/release"
)

func TestARequestIsSentAsTheCheckSays(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("Bearer s3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := serve(t, "green-1", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := strings.Join([]string{r.Method, r.RequestURI, r.Host, r.Header.Get("Authorization"), r.Header.Get("X-Plain"), string(body)}, "|")
		if want := "POST|/api?x=1|shop.example|Bearer s3cr3t|a b|{}"; got != want {
			t.Errorf("the request was %q, want %q", got, want)
		}
		w.WriteHeader(201)
	})
	r := run(t, release.Check{Name: "api", HTTP: &release.HTTPCheck{
		Method: "POST", Path: "/api?x=1", Body: "{}", Status: []int{200, 201},
		Headers: map[string]string{"authorization": "file:" + secret, "X-Plain": "a b", "Host": "shop.example"},
	}}, in)
	mustShow(t, r, true, "status 201")
}

func TestSecretsAreMaskedInEvidence(t *testing.T) {
	t.Setenv("CHECK_TEST_TOKEN", "s3cr3t-token")
	in := serve(t, "green-1", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(401)
		// The secret lies across the place where the excerpt ends.
		fmt.Fprint(w, strings.Repeat("x", 590)+" bad token "+r.Header.Get("X-Token")+" "+r.Header.Get("X-Token"))
	})
	for _, length := range []int{0, 5, 560} {
		c := get("/")
		c.HTTP.Headers = map[string]string{"X-Token": "env:CHECK_TEST_TOKEN"}
		c.HTTP.Regexp = strings.Repeat("y", length)
		r := run(t, c, in)
		mustShow(t, r, false, "status 401")
		if strings.Contains(r.Evidence, "s3cr") {
			t.Fatalf("the evidence has the secret: %s", r.Evidence)
		}
	}
	short := serve(t, "green-2", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(401)
		fmt.Fprint(w, "bad token "+r.Header.Get("X-Token"))
	})
	c := get("/")
	c.HTTP.Headers = map[string]string{"X-Token": "env:CHECK_TEST_TOKEN"}
	mustShow(t, run(t, c, short), false, "bad token ***")
}

func TestEachExpectationIsChecked(t *testing.T) {
	t.Parallel()
	const body = `{"result":[{"name":"Sales","rows":12,"ratio":0.50,"ok":true,"none":null,"first name":"x","list":[1,2]}]}`
	for name, c := range map[string]struct {
		spec   release.HTTPCheck
		status int
		body   string
		passed bool
		want   string
	}{
		"any 2xx without a list": {release.HTTPCheck{}, 204, "", true, "204"},
		"no 3xx without a list":  {release.HTTPCheck{}, 302, "", false, "want status 2xx"},
		"listed 302":             {release.HTTPCheck{Status: []int{302}}, 302, "", true, "302"},
		"two listed":             {release.HTTPCheck{Status: []int{200, 201}}, 404, "", false, "want status 200 or 201"},
		"match":                  {release.HTTPCheck{Regexp: `"rows":\d+`}, 200, body, true, ""},
		"no match":               {release.HTTPCheck{Regexp: `^Welcome`}, 200, body, false, `want a match of "^Welcome"`},
		"string":                 {release.HTTPCheck{JSON: map[string]string{"$.result[0].name": "Sales"}}, 200, body, true, ""},
		"other string":           {release.HTTPCheck{JSON: map[string]string{"$.result[0].name": "sales"}}, 200, body, false, "want $.result[0].name = sales, but it is Sales"},
		"number":                 {release.HTTPCheck{JSON: map[string]string{"$.result[0].ratio": "0.5"}}, 200, body, true, ""},
		"other number":           {release.HTTPCheck{JSON: map[string]string{"$.result[0].rows": "13"}}, 200, body, false, "but it is 12"},
		"bool, null and list":    {release.HTTPCheck{JSON: map[string]string{"$.result[0].ok": "true", "$.result[0].none": "null", "$.result[0].list": "[1,2]"}}, 200, body, true, ""},
		"quoted name":            {release.HTTPCheck{JSON: map[string]string{"$['result'][0]['first name']": "x"}}, 200, body, true, ""},
		"missing field":          {release.HTTPCheck{JSON: map[string]string{"$.result[0].id": "1"}}, 200, body, false, `$.result[0] has no field "id"`},
		"index too high":         {release.HTTPCheck{JSON: map[string]string{"$.result[1].name": "x"}}, 200, body, false, "$.result has 1 elements"},
		"not an array":           {release.HTTPCheck{JSON: map[string]string{"$[0]": "x"}}, 200, body, false, "$ is no array"},
		"not an object":          {release.HTTPCheck{JSON: map[string]string{"$.result.name": "x"}}, 200, body, false, "$.result is no object"},
		"no JSON":                {release.HTTPCheck{JSON: map[string]string{"$.a": "x"}}, 200, "<html>", false, "want JSON"},
		"more than JSON":         {release.HTTPCheck{JSON: map[string]string{"$.a": "x"}}, 200, `{"a":"x"} trailing`, false, "more after the document"},
		"large whole numbers":    {release.HTTPCheck{JSON: map[string]string{"$.a": "9007199254740993"}}, 200, `{"a":9007199254740992}`, false, "but it is 9007199254740992"},
		"JSON too long":          {release.HTTPCheck{JSON: map[string]string{"$.a": "x"}}, 200, `{"a":"x"}` + strings.Repeat(" ", 1<<20), false, "longer than 1 MiB"},
		"match after the limit":  {release.HTTPCheck{Regexp: "needle"}, 200, strings.Repeat(" ", 1<<20) + "needle", false, "first 1 MiB"},
		"too late":               {release.HTTPCheck{MaxLatency: time.Nanosecond}, 200, "", false, "want an answer within 1ns"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.spec.Path = "/"
			mustShow(t, run(t, release.Check{Name: name, HTTP: &c.spec}, serve(t, "green-1", says(c.status, c.body))), c.passed, c.want)
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	in := serve(t, "green-1", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	mustShow(t, run(t, get("/"), in), false, "status 302")
	if n := asked.Load(); n != 1 {
		t.Errorf("%d requests were sent, want 1", n)
	}
}
