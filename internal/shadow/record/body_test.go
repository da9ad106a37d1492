package record

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// kept is a body as it is kept, with one field that only the user knows to be
// secret.
func kept(kind, body string) (string, error) {
	return Mask{Fields: []string{"Maiden_Name"}}.body(http.Header{"Content-Type": {kind}}, []byte(body))
}

func TestSecretsInJSONAreMaskedWhereverTheyStand(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"password":"hunter2","page":7}`,
		`{"a":[{"b":{"API_KEY":"hunter2"}}],"page":7}`,
		`{"tokens":{"x":["hunter2",{"y":"hunter2"}]},"page":7}`,
		`{"maiden_name":"hunter2","page":7}`,
		`{"deep":{"MAIDEN_NAME":[["hunter2"]]},"page":7}`,
		`{"x":[{"name":"db_password","value":"hunter2"}],"page":7}`,
		`{"params":"{\"password\":\"hunter2\",\"page\":7}"}`,
		`{"params":"[\"{\\\"secret\\\":\\\"hunter2\\\"}\"]","page":7}`,
		`{"uri":"postgresql://admin:hunter2@db/superset","page":7}`,
		`{"h":"Bearer hunter2hunter2","page":7}`,
		`{"jwt_in_text":"eyJhbGciOi.hunter2.x","page":7}`,
		`{"note":"eyJhbGciOi.hunter2.x","page":7}`,
		`{"query":"mutation { login(password: \"hunter2\") { id } }","page":7}`,
		`{"sql":"ALTER USER x PASSWORD 'hunter2'","page":7}`,
		`{"pem":"-----BEGIN RSA PRIVATE KEY-----hunter2","page":7}`,
		`{"key":"hunter2","page":7}`, `{"pin":"hunter2","page":7}`, `{"sessionId":"hunter2","page":7}`,
		`{"password":"x","password":"hunter2","page":7}`,
		`["page",7,{"privateKey":"hunter2"}]`,
		`{"cookie":{"sid":"hunter2"},"page":7}`, `{"Bearer hunter2hunter2":1,"page":7}`,
	} {
		got, err := kept("application/json; charset=utf-8", body)
		if err != nil || strings.Contains(got, "hunter2") || !strings.Contains(got, "7") || !json.Valid([]byte(got)) {
			t.Errorf("%s becomes %s, %v", body, got, err)
		}
	}
}

func TestWhatIsNoSecretStaysAsItWas(t *testing.T) {
	t.Parallel()
	const body = `{"big":12345678901234567890.10,"filter":{"op":"<","values":[1,null,true]},"page":7,"text":"a & b"}`
	if got, err := kept("application/vnd.api+json", body); err != nil || got != body {
		t.Errorf("it becomes %s, %v", got, err)
	}
	const form = "page=7&filter=a%26b&empty="
	if got, err := kept("application/x-www-form-urlencoded", form); err != nil || got != form {
		t.Errorf("it becomes %s, %v", got, err)
	}
}

func TestSecretsInFormsAreMasked(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"password=hunter2&page=7", "user%5Bpassword%5D=hunter2&page=7", "page=7&csrf_token=hunter2", "maiden_name=hunter2&page=7",
		"page=7&form_data=" + url.QueryEscape(`{"secret":"hunter2"}`), "page=7&uri=" + url.QueryEscape("redis://:hunter2@cache"), "p%61ssword=hunter2&page=7",
	} {
		got, err := kept("application/x-www-form-urlencoded", body)
		if err != nil || strings.Contains(got, "hunter2") || !strings.Contains(got, "page=7") {
			t.Errorf("%s becomes %s, %v", body, got, err)
		}
	}
}

func TestABodyThatCannotBeTakenApartIsNeverKept(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, body string }{
		{"application/json", `{"password":"hunter2"`}, {"application/json", `{} hunter2`}, {"application/json", "\xff\"hunter2\""},
		{"application/json; charset=utf-16", `{}`}, {"text/plain", "hunter2"}, {"", "hunter2"}, {"multipart/form-data; boundary=x", "--x\r\n\r\nhunter2"},
		{"application/x-www-form-urlencoded", "hunter2"}, {"application/x-www-form-urlencoded", "a=%zz"}, {"application/x-www-form-urlencoded", `{"password":"hunter2"}`},
		{"not a type;;", "hunter2"},
	} {
		if got, err := kept(c.kind, c.body); !errors.Is(err, ErrOpaque) || got != "" {
			t.Errorf("%s %q becomes %q, %v", c.kind, c.body, got, err)
		}
	}
	packed := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	if got, err := (Mask{}).body(packed, []byte(`{"password":"hunter2"}`)); !errors.Is(err, ErrOpaque) {
		t.Errorf("a packed body becomes %q, %v", got, err)
	}
}

func TestWhatIsTooLargeForALineIsLeftOut(t *testing.T) {
	t.Parallel()
	raw := RawOf(request(t, "POST", "/x"), time.Now())
	raw.Header.Set("Content-Type", "application/json")
	raw.Body = []byte(`"` + strings.Repeat(`\"`, 40<<10) + `"`)
	for body, want := range map[int]error{10: ErrLarge, MaxBody: ErrLarge} {
		if _, err := (Wanted{Methods: []string{"POST"}, Body: body}).Keep(raw); !errors.Is(err, want) {
			t.Errorf("with at most %d bytes: %v", body, err)
		}
	}
	raw.Body = []byte(`{"a":1}`)
	if kept, err := (Wanted{Methods: []string{"POST"}, Body: 10}).Keep(raw); err != nil || kept.Body != `{"a":1}` {
		t.Errorf("a small one becomes %+v, %v", kept, err)
	}
}

func TestSecretsInAddressesAreMaskedByTheirLooks(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/reset/eyJhbGciOi.hunter2.x/now?page=7", "/a?page=7&next=https%3A%2F%2Fann%3Ahunter2%40b", "/a?page=7&f=" + url.QueryEscape(`{"password":"hunter2"}`)} {
		kept, err := Wanted{}.Keep(RawOf(request(t, "GET", target), time.Now()))
		if err != nil || strings.Contains(kept.URI, "hunter2") || !strings.Contains(kept.URI, "page=7") {
			t.Errorf("%s becomes %s, %v", target, kept.URI, err)
		}
	}
}

// FuzzAMaskedBodyNeverHasTheSecret puts a secret under a secret's name into JSON
// of any shape.
func FuzzAMaskedBodyNeverHasTheSecret(f *testing.F) {
	f.Add(`{"a":%s}`)
	f.Add(`[1,{"x":[%s]}]`)
	f.Fuzz(func(t *testing.T, around string) {
		if strings.Count(around, "%s") != 1 || strings.Contains(around, "hunter2") {
			return
		}
		body := strings.Replace(around, "%s", `{"password":"hunter2"}`, 1)
		if got, err := kept("application/json", body); err == nil && strings.Contains(got, "hunter2") && !inText(around) {
			t.Errorf("%s becomes %s", body, got)
		}
	})
}

// inText reports whether the place is inside a text of JSON, where the quotes
// of what is put there end it.
func inText(around string) bool {
	before, _, _ := strings.Cut(around, "%s")
	return strings.Count(before, `"`)%2 == 1
}
