package lane

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cutover/internal/proxy/route"
)

func TestAValidTraceIsKeptAndAnyOtherBegunAnew(t *testing.T) {
	t.Parallel()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Join(r.Header.Values("Traceparent"), ",")+"|"+r.Header.Get("Tracestate"))
	})
	s := newStage(t, b.URL)
	const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for in, kept := range map[string]bool{
		good: true,
		strings.Replace(good, "00-", "01-", 1) + "-more": true,
		"": false, "nonsense": false, good + "-more": false, strings.ToUpper(good): false,
		strings.Replace(good, "00-0", "ff-0", 1):                  false,
		"00-00000000000000000000000000000000-b7ad6b7169203331-01": false,
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01": false,
		"00-0af7651916cd43dd8448eb211c8031-b7ad6b7169203331aa-01": false,
	} {
		r, _ := http.NewRequest("GET", s.url, nil)
		if in != "" {
			r.Header.Set("Traceparent", in)
		}
		r.Header.Set("Tracestate", "a=b")
		res, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		parent, state, _ := strings.Cut(s.text(res), "|")
		if !isParent(parent) || (parent == in) != kept || (state == "a=b") != kept {
			t.Errorf("%q became %q with state %q", in, parent, state)
		}
	}
}

func TestTwoTracesAtOnceAreNone(t *testing.T) {
	t.Parallel()
	const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	if got := traceOf(http.Header{"Traceparent": {good, good}}); !got.begun {
		t.Errorf("kept %q", got.parent)
	}
}

func TestTheClientIsTheLastOneThatNobodyTrustedSpeaksFor(t *testing.T) {
	t.Parallel()
	trust, err := route.ParseTrust([]string{"10.0.0.0/8", "2001:db8::7"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, peer string
		via        []string
		want       string
	}{
		{"nobody in between", "203.0.113.9:5", nil, "203.0.113.9"},
		{"a stranger's word", "203.0.113.9:5", []string{"198.51.100.1"}, "203.0.113.9"},
		{"a front's word", "10.1.2.3:5", []string{"198.51.100.1"}, "198.51.100.1"},
		{"two fronts", "127.0.0.1:5", []string{"198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		{"a made up beginning", "10.1.2.3:5", []string{"192.0.2.1, 198.51.100.1"}, "198.51.100.1"},
		{"two lines", "10.1.2.3:5", []string{"192.0.2.1", "198.51.100.1", "10.0.0.1"}, "198.51.100.1"},
		{"with ports", "[2001:db8::7]:5", []string{"[2001:db8::9]:443"}, "2001:db8::9"},
		{"nonsense", "10.1.2.3:5", []string{"198.51.100.1, unknown"}, "10.1.2.3"},
		{"fronts only", "10.1.2.3:5", []string{"10.0.0.9"}, "10.0.0.9"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = c.peer, c.via
		if got := clientOf(r, trust); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
