package load_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/load"
)

const shopPage = `<!doctype html><!-- <script src="/old.js"></script> -->
<link rel="stylesheet" href="style.css?v=1&amp;w=2"><link rel='preload' href=/font.woff><link rel="canonical" href="/other">
<SCRIPT defer SRC="/app.js"></SCRIPT><script>inline("<img src=/no.png")</script>
<img alt="a > b" src='../logo.png'><img src="http://elsewhere.example/x.png"><img src="data:image/png;base64,AA"><img src="/app.js">`

func TestAPageIsItsDocumentAndTheAssetsThatItNames(t *testing.T) {
	t.Parallel()
	var asked seen
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.add(r.URL.RequestURI())
		switch r.URL.Path {
		case "/shop/":
			fmt.Fprint(w, shopPage)
		case "/logo.png":
			after(50*time.Millisecond)(w, r)
		}
	}))
	r := run(t, once(url, 3, load.Step{Page: &load.Page{Name: "shop", Path: "/shop/", Find: true}}))
	got := asked.all()
	slices.Sort(got)
	want := []string{"/app.js", "/font.woff", "/logo.png", "/shop/", "/shop/style.css?v=1&w=2"}
	if !slices.Equal(slices.Compact(slices.Clone(got)), want) {
		t.Errorf("asked for %q; want %q", got, want)
	}
	side := r.Sides[0]
	if side.Pages[0].Name != "shop" || side.Pages[0].Done != 3 || side.Pages[0].Good != 3 {
		t.Errorf("the pages are %+v", side.Pages)
	}
	if rows := side.Requests; rows[0].Name != "shop document" || rows[0].Done != 3 || rows[1].Name != "shop assets" || int(rows[1].Done) != len(got)-3 {
		t.Errorf("the requests are %+v", rows)
	}
	if page := time.Duration(side.Pages[0].Latency.P50); page < 50*time.Millisecond {
		t.Errorf("the page took %s, less than its slowest asset", page)
	}
}

func TestAPageFailsWithOneOfItsAssets(t *testing.T) {
	t.Parallel()
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".js") {
			w.WriteHeader(503)
		}
	}))
	r := run(t, once(url, 1, load.Step{Page: &load.Page{Path: "/", Assets: []string{"/a.css", "/b.js"}}}))
	side := r.Sides[0]
	if side.Pages[0].Name != "page /" || side.Pages[0].Faults[load.StatusFault] != 1 || side.Pages[0].Wrong[0].What != "status: an asset: status 503" || side.Total.Done != 3 {
		t.Errorf("the page is %+v", side.Pages[0])
	}
}

func TestRedirectsAreFollowedWithinTheTargetOnly(t *testing.T) {
	t.Parallel()
	var asked, foreign seen
	other := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { foreign.add(r.URL.Path) }))
	mux := http.NewServeMux()
	mux.HandleFunc("/here", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there", http.StatusFound) })
	mux.HandleFunc("/there", func(_ http.ResponseWriter, r *http.Request) { asked.add(r.URL.Path) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other+"/", http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	url := serve(t, mux)
	stay := get("/here")
	stay.Request.Expect.Status = []int{302}
	r := run(t, once(url, 1, get("/here"), stay, get("/away"), get("/round")))
	total := r.Sides[0].Total
	if len(asked.all()) != 1 || len(foreign.all()) != 0 {
		t.Errorf("the redirect was followed %d times, and %d times elsewhere", len(asked.all()), len(foreign.all()))
	}
	if total.Done != 4 || total.Errors != 1 || !strings.Contains(total.Wrong[0].What, "more than 10 redirects") {
		t.Errorf("the account is %+v", total)
	}
}
