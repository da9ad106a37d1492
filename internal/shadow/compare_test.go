package shadow

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func answer(body string) Answer {
	return Answer{Status: 200, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, Body: []byte(body)}
}

func found(a, b Answer) []string {
	var out []string
	for _, d := range Differences(a, b, Headers) {
		out = append(out, d.Key.String())
	}
	return out
}

func TestADifferenceIsNamedByItsPathAndItsManner(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, want string }{
		{`{"a":1}`, `{"a":1}`, ``},
		{`{"a":1,"b":2}`, `{"b":2, "a":1}`, ``},
		{`{"price":1}`, `{"price":2}`, `$.price: another value`},
		{`{"price":1}`, `{"price":"1"}`, `$.price: another type`},
		{`{"price":1}`, `{"price":null}`, `$.price: another type`},
		{`{"price":1}`, `{}`, `$.price: missing`},
		{`{}`, `{"price":1}`, `$.price: new`},
		{`{"n":1.0}`, `{"n":1}`, ``},
		{`{"n":0.30000000000000004}`, `{"n":0.3}`, ``},
		{`{"n":0.31}`, `{"n":0.3}`, `$.n: another value`},
		{`{"n":9007199254740993}`, `{"n":9007199254740992}`, `$.n: another value`},
		{`{"at":"2026-01-02T03:04:05Z"}`, `{"at":"2026-01-02T03:04:06Z"}`, `$.at: another value`},
		{`{"at":"2026-01-02T03:04:05Z"}`, `{"at":"soon"}`, `$.at: another type`},
		{`{"at":"soon"}`, `{"at":""}`, `$.at: another type`},
		{`[1,2,3]`, `[3,1,2]`, `$[]: another order`},
		{`[1,2,3]`, `[0,1,2,3]`, `$[]: new`},
		{`[1,2,3]`, `[1,3]`, `$[]: missing`},
		{`[]`, `[]`, ``},
		{`[null]`, `[]`, `$[]: missing`},
		{`[{"id":1,"p":1},{"id":2,"p":2}]`, `[{"id":2,"p":2},{"id":1,"p":9}]`, `$[].p: another value|$[]: another order`},
		{`[{"id":1,"p":1},{"id":2,"p":2},{"id":3}]`, `[{"id":3},{"id":1,"p":1},{"id":2,"p":9}]`, `$[].p: another value|$[]: another order`},
		{`{"users":{"17":{"n":1}}}`, `{"users":{"17":{"n":2}}}`, `$.users.{id}.n: another value`},
		{`{"a.b":{"c d":1}}`, `{"a.b":{"c d":2}}`, `$["a.b"]["c d"]: another value`},
		{`{"a":[[1,2],[3,4]]}`, `{"a":[[1,2],[3,5]]}`, `$.a[][]: another value`},
		{`{`, `{}`, `body: another type`},
		{`{} {}`, `{}`, `body: another type`},
		{`7`, `8`, `$: another value`},
	} {
		var want []string
		if c.want != "" {
			want = strings.Split(c.want, "|")
		}
		got := found(answer(c.a), answer(c.b))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s and %s: got %q, want %q", c.a, c.b, got, want)
		}
	}
}

func TestStatusHeadersTextAndSilenceAreCompared(t *testing.T) {
	t.Parallel()
	page := func(body string) Answer {
		return Answer{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(body)}
	}
	with := func(a Answer, name string, values ...string) Answer {
		a.Header = a.Header.Clone()
		a.Header[name] = values
		return a
	}
	gone, base := Answer{Failed: "no answer in time"}, answer(`{}`)
	broken := answer(`{}`)
	broken.Status = 500
	blob := Answer{Status: 200, Header: http.Header{"Content-Type": {"image/png"}}, Body: []byte("12")}
	other := blob
	other.Body = []byte("13")
	for _, c := range []struct {
		a, b Answer
		want string
	}{
		{base, broken, "status: another value"},
		{base, gone, "answer: missing"},
		{gone, base, "answer: new"},
		{gone, gone, ""},
		{base, with(base, "Location", "/x"), "header Location: new"},
		{with(base, "Location", "/x"), base, "header Location: missing"},
		{with(base, "Location", "/x"), with(base, "Location", "/y"), "header Location: another value"},
		{with(base, "Set-Cookie", "s=1; Path=/"), with(base, "Set-Cookie", "s=2; Path=/"), ""},
		{with(base, "Set-Cookie", "s=1"), with(base, "Set-Cookie", "s=1", "t=1"), "header Set-Cookie: another value"},
		{with(base, "Date", "1"), with(base, "Date", "2"), ""},
		{page("<p>a</p>"), page("<p>b</p>"), "body: another value"},
		{page(`<i nonce="0123456789abcdef0123">12:03</i>`), page(`<i nonce="fedcba98765432100123">12:04</i>`), "body: another token"},
		{page("x"), base, "body: another value|header Content-Type: another value"},
		{blob, other, "body: another value"},
	} {
		if got := strings.Join(found(c.a, c.b), "|"); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestIdsBecomeOneEndpoint(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/":             "/",
		"/api/v1/items": "/api/v1/items",
		"/api/items/17": "/api/items/{id}",
		"/api/items/018f3b5e-7d1a-7000-8000-0123456789ab": "/api/items/{id}",
		"/o/order-123/lines":                              "/o/order-{id}/lines",
		"/u/ann@example.org":                              "/u/{id}",
		"/day/2026-01-02":                                 "/day/{id}",
		"/f/deadbeef01":                                   "/f/{id}",
		"/t/eyJhbGciOiJIUzI1NiJ9eyJz1":                    "/t/{id}",
		"/static/dashboard":                               "/static/dashboard",
		"/explore/additional_information_of_a_chart":      "/explore/additional_information_of_a_chart",
	} {
		if got := Template("GET", path); got != "GET "+want {
			t.Errorf("%s: got %s", path, got)
		}
	}
}

func TestALongArrayTakesTimeInProportion(t *testing.T) {
	t.Parallel()
	// Quadratic work would make this take hours.
	var a, b strings.Builder
	a.WriteString("[0")
	b.WriteString("[0")
	const n = 100_000
	for i := range n {
		fmt.Fprintf(&a, `,{"v":%d}`, i)
		fmt.Fprintf(&b, `,{"v":%d}`, n-i)
	}
	got := found(answer(a.String()+"]"), answer(b.String()+"]"))
	if want := []string{"$[]: another order", "$[].v: another value"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzComparingIsFairToBothSides(f *testing.F) {
	f.Add(`{"a":[1,2,{"id":3}]}`, `{"a":[{"id":3,"b":null},1]}`)
	f.Add(`[[],{}]`, `[{},[]]`)
	f.Add(`{"x`, `1e400`)
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(found(answer(a), answer(a))) > 0 {
			t.Fatalf("%q differs from itself", a)
		}
		there, back := found(answer(a), answer(b)), found(answer(b), answer(a))
		if (len(there) == 0) != (len(back) == 0) {
			t.Fatalf("%q and %q: %q one way, %q the other", a, b, there, back)
		}
	})
}

func BenchmarkCompare(b *testing.B) {
	var x, y strings.Builder
	for i := range 200 {
		fmt.Fprintf(&x, `,{"id":%d,"name":"item number %d","price":%d.5,"tags":["a","b"],"at":"2026-01-02T03:04:05Z"}`, i, i, i)
		fmt.Fprintf(&y, `,{"id":%d,"name":"item number %d","price":%d.5,"tags":["a","b"],"at":"2026-01-02T03:04:06Z"}`, i, i, i)
	}
	one, two := answer("["+x.String()[1:]+"]"), answer("["+y.String()[1:]+"]")
	b.SetBytes(int64(len(one.Body)))
	for b.Loop() {
		Differences(one, two, Headers)
	}
}
