package proxy

import (
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/proxy/handover"
)

// A bad order is refused with its reason, and users notice nothing.
func TestBadInputsOverTheAdminSocketHarmNobody(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	p := run(t, dir)
	put(t, p.Client, service("shop", addr, says(t, "here")))
	good := []string{"If-Match", `"1"`, "Cutover-Fence", "1"}
	front := `"front":{"listen":"127.0.0.1:1","path":"/"}`
	service := func(route string) string { return `{"route":{` + route + `}}` }
	cases := map[string]struct {
		method, path, body string
		header             []string
		status             int
		want               string
	}{
		"nothing":                     {"PUT", "/v1/services/shop", ``, good, 400, "invalid body"},
		"null":                        {"PUT", "/v1/services/shop", `null`, good, 400, "listen"},
		"a list":                      {"PUT", "/v1/services/shop", `[]`, good, 400, "invalid body"},
		"a number too large":          {"PUT", "/v1/services/shop", service(front + `,"sides":{"blue":{"weight":1e99}}`), good, 400, "invalid body"},
		"a negative weight":           {"PUT", "/v1/services/shop", service(front + `,"sides":{"blue":{"weight":-1}}`), good, 400, "weight -1"},
		"a weight over all":           {"PUT", "/v1/services/shop", service(front + `,"sides":{"blue":{"weight":10001}}`), good, 400, "weight 10001"},
		"weights of a half":           {"PUT", "/v1/services/shop", service(front + `,"sides":{"blue":{"weight":5000}}`), good, 400, "add up to"},
		"an endpoint without port":    {"PUT", "/v1/services/shop", service(front + `,"sides":{"blue":{"weight":10000,"endpoints":[{"id":"1","addr":"localhost"}]}}`), good, 400, "not host:port"},
		"an endpoint without host":    {"PUT", "/v1/services/shop", service(front + `,"sides":{"blue":{"weight":10000,"endpoints":[{"id":"1","addr":":80"}]}}`), good, 400, "no host"},
		"port 0":                      {"PUT", "/v1/services/shop", service(`"front":{"listen":"127.0.0.1:0","path":"/"}`), good, 400, "1 to 65535"},
		"port 70000":                  {"PUT", "/v1/services/shop", service(`"front":{"listen":"127.0.0.1:70000","path":"/"}`), good, 400, "1 to 65535"},
		"a relative path":             {"PUT", "/v1/services/shop", service(`"front":{"listen":"127.0.0.1:1","path":"shop"}`), good, 400, "begins with /"},
		"a host in capitals":          {"PUT", "/v1/services/shop", service(`"front":{"listen":"127.0.0.1:1","path":"/","hosts":["Shop.Example"]}`), good, 400, "lower case"},
		"a private side of no colour": {"PUT", "/v1/services/shop", service(front + `,"private":"red"`), good, 400, "blue, green"},
		"a secret in clear":           {"PUT", "/v1/services/shop", `{"route":{` + front + `},"secretHash":"secret"}`, good, 400, "SHA-256"},
		"an address that is not here": {"PUT", "/v1/services/shop", service(`"front":{"listen":"192.0.2.1:8080","path":"/"}`), good, 422, "cannot listen"},
		"an app with a space":         {"PUT", "/v1/services/a%20b", service(front), good, 400, "without spaces"},
		"a generation in words":       {"DELETE", "/v1/services/shop", ``, []string{"If-Match", "one", "Cutover-Fence", "1"}, 400, "want a number"},
		"a negative fence":            {"DELETE", "/v1/services/shop", ``, []string{"If-Match", "1", "Cutover-Fence", "-1"}, 400, "want a number"},
		"a fence over 64 bits":        {"DELETE", "/v1/services/shop", ``, []string{"If-Match", "1", "Cutover-Fence", "99999999999999999999"}, 400, "want a number"},
		"a fence of the past":         {"DELETE", "/v1/services/shop", ``, []string{"If-Match", "1", "Cutover-Fence", "0"}, 409, "fenced"},
		"a generation of tomorrow":    {"DELETE", "/v1/services/shop", ``, []string{"If-Match", "9", "Cutover-Fence", "1"}, 412, "generation"},
		"recording no share":          {"GET", "/v1/requests?app=shop&share=0", ``, nil, 400, "share=1 to"},
		"recording nobody":            {"GET", "/v1/requests?share=1", ``, nil, 400, "app=NAME"},
		"streams of nobody":           {"POST", "/v1/streams/close", `{"side":"blue"}`, good[2:], 400, "want a name"},
		"no such app to take away":    {"DELETE", "/v1/services/", ``, good, 404, "not found"},
	}
	for name, c := range cases {
		status, body := raw(t, dir, c.method, c.path, c.body, c.header...)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: got %d %s, want %d with %q", name, status, body, c.status, c.want)
		}
		expect(t, addr, "here")
	}
	if h, err := p.Health(t.Context()); err != nil || h.Generation != 1 {
		t.Errorf("after all of them: %+v, %v", h, err)
	}
}

// A conversation that makes no sense ends, and the proxy goes on.
func TestBadWordsOnTheSocketOfTakeoversHarmNobody(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	p := run(t, dir)
	put(t, p.Client, service("shop", addr, says(t, "here")))
	framed := func(text string) string {
		head := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
		return string(binary.BigEndian.AppendUint32(head, 0)) + text
	}
	cases := map[string]string{
		"nothing":                      "",
		"half a head":                  "\x00\x00",
		"a head alone":                 "\x00\x00\x00\x05\x00\x00\x00\x00",
		"a length of 4 GB":             "\xff\xff\xff\xff\x00\x00\x00\x00",
		"4 billion files":              "\x00\x00\x00\x02\xff\xff\xff\xff{}",
		"files that never come":        "\x00\x00\x00\x02\x00\x00\x00\x03{}",
		"HTTP":                         "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"no JSON":                      framed(`{"word":`),
		"the wrong word":               framed(`{"word":"mine"}`),
		"no protocol":                  framed(`{"word":"hello"}`),
		"another protocol":             framed(`{"word":"hello","protocol":99,"version":"v9"}`),
		"hello and no more":            framed(`{"word":"hello","protocol":1}`),
		"ready at once and yes to all": framed(`{"word":"hello","protocol":1}`) + framed(`{"word":"ready"}`) + framed(`{"word":"hello"}`),
	}
	for name, text := range cases {
		c, err := net.DialUnix("unix", nil, &net.UnixAddr{Net: "unix", Name: nextSocket(dir)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.Write([]byte(text)) // it may have been turned down before the end
		c.CloseWrite()
		// The proxy ends the conversation by itself.
		c.SetReadDeadline(time.Now().Add(5 * time.Minute))
		for buf := make([]byte, 4096); err == nil; {
			_, err = c.Read(buf)
		}
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Errorf("%s: the proxy waits for ever", name)
		}
		c.Close()
		expect(t, addr, "here")
	}
	put(t, p.Client, service("shop", addr, says(t, "there")))
	expect(t, addr, "there")
	if _, err := p.Stats(t.Context(), "shop"); err != nil {
		t.Error(err)
	}
	if w, err := handover.Dial(t.Context(), nextSocket(dir), time.Second); err != nil || w.Peer() != os.Getpid() {
		t.Errorf("the socket knows %v, %v", w, err)
	} else {
		w.Close()
	}
}

// A damaged file is refused for what it is; the copy serves.
func TestBadTableFilesAreReplacedByTheCopyAndSaidSo(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	p := run(t, dir)
	put(t, p.Client, service("shop", addr, says(t, "here")))
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "table.json")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ content, want string }{
		"empty":            {"", "torn"},
		"zeros":            {strings.Repeat("\x00", len(good)), "torn"},
		"a list":           {"[]", "torn"},
		"YAML":             {"format: cutover-proxy-table/1\n", "torn"},
		"a newer format":   {strings.Replace(string(good), "table/1", "table/2", 1), "format"},
		"another weight":   {strings.Replace(string(good), "10000", "10001", 1), "checksum"},
		"another checksum": {strings.Replace(string(good), `"sha256":"`, `"sha256":"0`, 1), "checksum"},
		"two tables":       {string(good) + string(good), "torn"},
		"an unknown field": {strings.Replace(string(good), `{"format"`, `{"more":1,"format"`, 1), "torn"},
	}
	for name, c := range cases {
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		again := run(t, dir)
		expect(t, addr, "here")
		if h, err := again.Health(t.Context()); err != nil || !strings.Contains(h.Notice, c.want) || !strings.Contains(h.Notice, "last good copy") {
			t.Errorf("%s: health says %q, %v", name, h.Notice, err)
		}
		if err := again.stop(); err != nil {
			t.Fatal(err)
		}
	}
}
