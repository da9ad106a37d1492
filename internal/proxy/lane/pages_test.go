package lane

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"cutover/internal/release"
)

func TestThePagesOfTheAppStandInForIt(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	htmlPage := &release.Page{Text: "<p>{{status}} {{reason}} <i>{{request}}</i></p>"}
	jsonPage := &release.Page{JSON: true, Text: `{"code": {{status}}, "why": "{{reason}}", "id": "{{request}}"}`}
	route := func(p *release.Pages, addr string, weight release.Weight) {
		s.route(func(r *release.Route) {
			r.Front.Pages, r.Sides.Blue.Weight = p, weight
			if addr != "" {
				r.Sides.Blue.Endpoints = endpoints(addr)
			}
		})
	}
	ask := func(accept string) (*http.Response, string) {
		r, _ := http.NewRequest("GET", s.url+"/", nil)
		r.Header.Set("Accept", accept)
		r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		res, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return res, s.text(res)
	}
	const browser, program = "text/html,application/xhtml+xml,*/*;q=0.8", "application/json"
	both := &release.Pages{Error: htmlPage, Maintenance: jsonPage}
	for name, c := range map[string]struct {
		pages  *release.Pages
		addr   string
		weight release.Weight
		accept string
		status int
		kind   string
		want   string
	}{
		"an error in a browser":        {both, deadAddr(t), release.All, browser, 502, "text/html; charset=utf-8", "<p>502 app shop, side blue: the instance could not be reached or broke off before it answered <i>0af7651916cd43dd8448eb211c80319c</i></p>"},
		"an error for a program":       {both, deadAddr(t), release.All, program, 502, "application/json", `"request":"0af7651916cd43dd8448eb211c80319c"`},
		"maintenance":                  {both, "", release.All, program, 503, "application/json", `"why": "app shop, side blue: no instance is there to answer"`},
		"maintenance of the whole app": {both, "", release.None, browser, 503, "application/json", `"why": "app shop serves nothing now"`},
		"one page for all":             {&release.Pages{Error: htmlPage}, "", release.None, browser, 503, "text/html; charset=utf-8", "<p>503 app shop serves"},
		"no page":                      {nil, "", release.None, browser, 503, "text/plain; charset=utf-8", "cutover proxy: 503"},
		"no page for a program":        {nil, "", release.None, program, 503, "application/json", `"status":503`},
	} {
		route(c.pages, c.addr, c.weight)
		res, body := ask(c.accept)
		if res.StatusCode != c.status || res.Header.Get("Content-Type") != c.kind || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s %q, want %d %s %q", name, res.StatusCode, res.Header.Get("Content-Type"), body, c.status, c.kind, c.want)
		}
		if res.Header.Get("Retry-After") == "" || res.Header.Get("Cutover-Request") != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%s: headers %v", name, res.Header)
		}
		if strings.Contains(body, "127.0.0.1") {
			t.Errorf("%s gives an address away: %q", name, body)
		}
		if c.kind == "application/json" && !json.Valid([]byte(body)) {
			t.Errorf("%s is not JSON: %s", name, body)
		}
	}
}

func TestWhatIsFilledIntoAPageIsEscaped(t *testing.T) {
	t.Parallel()
	evil := "</p><script>\"\\\n&"
	n := notice{502, evil, evil, &release.Pages{Error: &release.Page{Text: "<p>{{reason}}|{{request}}"}}}
	if _, text := n.text(false); strings.Contains(text, "<script>") || strings.Contains(text, `"`) {
		t.Errorf("not escaped: %s", text)
	}
	n.pages.Error = &release.Page{JSON: true, Text: `{"a": "{{reason}}"}`}
	var got struct{ A string }
	if _, text := n.text(true); json.Unmarshal([]byte(text), &got) != nil || got.A != evil {
		t.Errorf("not escaped: %s", text)
	}
}
