package lane

import (
	"net/http"
	"strings"
	"testing"

	"cutover/internal/release"
)

// version is an app that has its own assets and nothing else's.
func version(t *testing.T, name string) string {
	return backend(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "."+name+".") || r.URL.Path == "/" {
			w.Write([]byte(name))
			return
		}
		http.Error(w, name+" has none", http.StatusNotFound)
	}).URL
}

func TestAnAssetIsFoundOnTheSideThatMadeThePage(t *testing.T) {
	t.Parallel()
	blue, green := version(t, "blue"), version(t, "green")
	for name, c := range map[string]struct {
		blue, green release.Weight
		private     release.Side
		standing    bool // blue has its instances on the route
		assets      []string
		method      string
		path        string
		want        string
		status      int
	}{
		"its own":                        {0, release.All, "", true, []string{"/static/"}, "GET", "/static/a.green.js", "green", 200},
		"after the switch":               {0, release.All, "", true, []string{"/static/"}, "GET", "/static/a.blue.js", "blue", 200},
		"HEAD too":                       {0, release.All, "", true, []string{"/static/"}, "HEAD", "/static/a.blue.js", "", 200},
		"while both serve":               {release.All - 1, 1, release.Green, true, []string{"/static/"}, "GET", "/static/a.green.js", "green", 200},
		"nobody has it":                  {0, release.All, "", true, []string{"/static/"}, "GET", "/static/a.red.js", "green has none", 404},
		"no asset":                       {0, release.All, "", true, []string{"/static/"}, "GET", "/api/a.blue.js", "green has none", 404},
		"a way out of the folder":        {0, release.All, "", true, []string{"/static/"}, "GET", "/static/../api/a.blue.js", "green has none", 404},
		"a write":                        {0, release.All, "", true, []string{"/static/"}, "POST", "/static/a.blue.js", "green has none", 404},
		"not asked for":                  {0, release.All, "", true, nil, "GET", "/static/a.blue.js", "green has none", 404},
		"after blue has left the route":  {0, release.All, "", false, []string{"/static/"}, "GET", "/static/a.blue.js", "green has none", 404},
		"from one that has no users yet": {release.All, 0, release.Green, true, []string{"/static/"}, "GET", "/static/a.green.js", "blue has none", 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.route(func(r *release.Route) {
				r.Front.Assets, r.Private = c.assets, c.private
				r.Sides.Blue.Weight, r.Sides.Green.Weight = c.blue, c.green
				r.Sides.Green.Endpoints = endpoints(green)
				if c.standing {
					r.Sides.Blue.Endpoints = endpoints(blue)
				}
			})
			r, _ := http.NewRequest(c.method, s.url+"/", nil)
			r.URL.Path = c.path
			res, err := s.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if body := strings.TrimSpace(s.text(res)); res.StatusCode != c.status || body != c.want {
				t.Errorf("got %d %q, want %d %q", res.StatusCode, body, c.status, c.want)
			}
		})
	}
}

func TestABorrowedAssetIsOnTheBooksOfBothSidesAndNoUsers(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.route(func(r *release.Route) {
		r.Front.Assets = []string{"/static/"}
		r.Sides.Blue.Weight, r.Sides.Green.Weight = release.None, release.All
		r.Sides.Blue.Endpoints, r.Sides.Green.Endpoints = endpoints(version(t, "blue")), endpoints(version(t, "green"))
	})
	s.get("/static/a.blue.js")
	s.get("/static/a.red.js") // asked of both, found on neither
	s.settled(release.Counters{Accepted: 2, Answered: 2})
	blue, green := s.blue(), s.book.Of("shop", release.Green).Read()
	if blue.Assets != 2 || green.Assets != 0 || blue.Users.Requests != 0 {
		t.Errorf("blue lent %d, green %d; blue has %d requests of users", blue.Assets, green.Assets, blue.Users.Requests)
	}
	if want := (release.Counters{Accepted: 2, Answered: 2}); green.Counters != want || green.Requests != 0 {
		t.Errorf("green has %+v", green.Counters)
	}
}
