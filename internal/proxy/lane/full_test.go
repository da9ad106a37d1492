package lane

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/http/httputil"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
)

func TestARequestArrivesAsTheClientSentIt(t *testing.T) {
	t.Parallel()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s|%s|%s|%s|%s", r.Method, r.Host, r.RequestURI, r.Header.Get("Cutover-Private"), r.Header.Get("X-Own"))
	})
	s := newStage(t, b.URL)
	r, _ := http.NewRequest("PATCH", s.url+"/a%2Fb//c?x=1;y=%zz&&q", nil)
	r.Host = "shop.example.org"
	r.Header.Set("Cutover-Private", "not the secret")
	r.Header.Set("X-Own", "yes")
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.text(res), "PATCH|shop.example.org|/a%2Fb//c?x=1;y=%zz&&q||yes"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s.settled(release.Counters{Accepted: 1, Answered: 1})
}

func TestTheAppLearnsWhoAsked(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ from, wantFor, wantProto, wantHost string }{
		"a front on this machine is believed": {"127.0.0.1:5", "198.51.100.7, 127.0.0.1", "https", "public.example.org"},
		"anybody else is not":                 {"203.0.113.9:5", "203.0.113.9", "http", "shop.example.org"},
		"nor over IPv6":                       {"[2001:db8::1]:5", "2001:db8::1", "http", "shop.example.org"},
		"the front may use IPv6":              {"[::1]:5", "198.51.100.7, ::1", "https", "public.example.org"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := httptest.NewRequest("GET", "http://shop.example.org/", nil)
			in.RemoteAddr = c.from
			in.Header.Set("X-Forwarded-For", "198.51.100.7")
			in.Header.Set("X-Forwarded-Proto", "https")
			in.Header.Set("X-Forwarded-Host", "public.example.org")
			out := in.Clone(in.Context())
			for _, h := range []string{"For", "Proto", "Host"} {
				out.Header.Del("X-Forwarded-" + h)
			}
			forwarded(&httputil.ProxyRequest{In: in, Out: out}, nil)
			for name, want := range map[string]string{"For": c.wantFor, "Proto": c.wantProto, "Host": c.wantHost} {
				if got := out.Header.Get("X-Forwarded-" + name); got != want {
					t.Errorf("X-Forwarded-%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestUploadsPassWholeWithAndWithoutALength(t *testing.T) {
	t.Parallel()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		io.Copy(w, r.Body)
	})
	s := newStage(t, b.URL)
	body := make([]byte, 3<<20)
	rand.Read(body)
	for name, reader := range map[string]io.Reader{"length": bytes.NewReader(body), "chunked": io.MultiReader(bytes.NewReader(body))} {
		res, err := s.client.Post(s.url, "application/octet-stream", reader)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.text(res); got != string(body) {
			t.Errorf("%s: %d bytes came back, want %d", name, len(got), len(body))
		}
	}
	s.settled(release.Counters{Accepted: 2, Answered: 2})
}

func TestTrailersPassBothWays(t *testing.T) {
	t.Parallel()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "Sum")
		io.Copy(w, r.Body)
		w.Header().Set("Sum", "of "+r.Trailer.Get("Client-Sum"))
		w.Header().Set(http.TrailerPrefix+"Late", "too")
	})
	s := newStage(t, b.URL)
	r, _ := http.NewRequest("POST", s.url, io.MultiReader(strings.NewReader("body")))
	r.Trailer = http.Header{"Client-Sum": {"42"}}
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.text(res); got != "body" || res.Trailer.Get("Sum") != "of 42" || res.Trailer.Get("Late") != "too" {
		t.Errorf("body %q, trailers %v", got, res.Trailer)
	}
}

func TestInterimAnswersPass(t *testing.T) {
	t.Parallel()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
	})
	s := newStage(t, b.URL)
	var hints []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints = append(hints, fmt.Sprint(code, h.Get("Link")))
		return nil
	}})
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url, nil)
	res, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	s.text(res)
	if res.StatusCode != http.StatusTeapot || len(hints) != 1 || hints[0] != "103</style.css>; rel=preload" {
		t.Errorf("status %d, hints %q", res.StatusCode, hints)
	}
	s.settled(release.Counters{Accepted: 1, Answered: 1})
	if s.blue().Latency["4xx"].Count != 1 {
		t.Errorf("latency %v", s.blue().Latency)
	}
}

func TestAnswersWithoutABodyAreAnswered(t *testing.T) {
	t.Parallel()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead {
			w.WriteHeader(map[string]int{"/204": 204, "/304": 304, "/500": 500}[r.URL.Path])
		}
	})
	s := newStage(t, b.URL)
	for path, want := range map[string]int{"/204": 204, "/304": 304, "/500": 500} {
		if res, _ := s.get(path); res.StatusCode != want {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	if res, err := s.client.Head(s.url); err != nil || res.StatusCode != 200 {
		t.Errorf("HEAD: %v", err)
	}
	s.settled(release.Counters{Accepted: 4, Answered: 4, Errors: 1})
}

func TestARefusalSaysThatItComesFromCutoverAndWhy(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	check := func(res *http.Response, body string, status int, want string) {
		t.Helper()
		if res.StatusCode != status || !strings.HasPrefix(body, "cutover proxy: ") || !strings.Contains(body, want) {
			t.Errorf("got %d %q, want %d with %q", res.StatusCode, body, status, want)
		}
	}
	res, body := s.get("/")
	check(res, body, 503, "app shop, side blue: no instance")
	s.route(func(r *release.Route) { r.Sides.Blue.Endpoints = endpoints(deadAddr(t)) })
	res, body = s.get("/")
	check(res, body, 502, "could not be reached")
	s.settled(release.Counters{Accepted: 2, Lost: 2, Errors: 2})
	s.route(func(r *release.Route) { r.Front.Path = "/app" })
	res, body = s.get("/other")
	check(res, body, 404, `no app is served here for host "127.0.0.1`)
	s.route(func(r *release.Route) { r.Sides.Blue.Weight = release.None })
	res, body = s.get("/")
	check(res, body, 503, "serves nothing now")
	s.settled(release.Counters{Accepted: 2, Lost: 2, Errors: 2})
}

func TestADeadInstanceCostsNoRequestWhileAnotherLives(t *testing.T) {
	t.Parallel()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	s := newStage(t, deadAddr(t), b.URL)
	for i := range 20 {
		res, err := s.client.Post(s.url, "text/plain", strings.NewReader(fmt.Sprint("order ", i)))
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("request %d: %v, %v", i, res, err)
		}
		if got := s.text(res); got != fmt.Sprint("order ", i) {
			t.Errorf("request %d arrived as %q", i, got)
		}
	}
	s.settled(release.Counters{Accepted: 20, Answered: 20})
}

func TestAnAnswerThatBreaksOffIsLostAndTheClientSeesIt(t *testing.T) {
	t.Parallel()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write([]byte("half"))
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	s := newStage(t, b.URL)
	res, err := s.client.Get(s.url)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		t.Errorf("the client got %v", err)
	}
	s.settled(release.Counters{Accepted: 1, Lost: 1})
}

func TestAClientThatLeavesIsNobodysLoss(t *testing.T) {
	t.Parallel()
	arrived, left := make(chan struct{}), make(chan struct{})
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(left)
	})
	s := newStage(t, b.URL)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url, nil)
	if _, err := s.client.Do(r); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	<-left // the app hears of it
	s.settled(release.Counters{Accepted: 1, ClientGone: 1})
}

func TestAnUploadThatBreaksOffIsNobodysLoss(t *testing.T) {
	t.Parallel()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	s := newStage(t, b.URL)
	body, feed := io.Pipe()
	go func() {
		feed.Write(make([]byte, 100_000))
		feed.CloseWithError(errors.New("the cable is out"))
	}()
	r, _ := http.NewRequest("POST", s.url, body)
	r.ContentLength = 1 << 20
	if _, err := s.client.Do(r); err == nil {
		t.Fatal("a broken upload was answered")
	}
	s.settled(release.Counters{Accepted: 1, ClientGone: 1})
}

func TestAnUnreadableRequestIsTheClientsMistake(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *http.Request){
		"CONNECT": func(r *http.Request) { r.Method = "CONNECT" },
		"Upgrade": func(r *http.Request) { r.Header.Set("Upgrade", "\xff") },
	} {
		s := newStage(t)
		r := httptest.NewRequest("GET", "http://shop/", nil)
		change(r)
		w := httptest.NewRecorder()
		s.lane.Handler(door).ServeHTTP(w, r)
		if w.Code != 400 {
			t.Errorf("%s: %d", name, w.Code)
		}
		s.settled(release.Counters{})
	}
}

func TestANewUserGetsTheCookieWithTheAnswer(t *testing.T) {
	t.Parallel()
	b := backend(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Add("Set-Cookie", "session=1") })
	s := newStage(t)
	s.route(func(r *release.Route) {
		r.Sides.Blue = release.SideRoute{Weight: 5000, Endpoints: endpoints(b.URL)}
		r.Sides.Green = release.SideRoute{Weight: 5000, Endpoints: endpoints(b.URL)}
	})
	res, _ := s.get("/")
	cookies := res.Cookies()
	if len(cookies) != 2 || cookies[1].Name != "cutover" || len(cookies[1].Value) != 32 {
		t.Fatalf("cookies %v", cookies)
	}
	if c := cookies[1]; !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" {
		t.Errorf("attributes of %v", c)
	}
}

func TestASwitchDoesNotWaitForARequestThatHasReachedTheApp(t *testing.T) {
	t.Parallel()
	arrived, finish := make(chan struct{}), make(chan struct{})
	b := backend(t, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-finish
	})
	s := newStage(t, b.URL)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if res, err := s.client.Get(s.url); err != nil || res.StatusCode != 200 {
			t.Errorf("the request in flight: %v, %v", res, err)
		}
	}()
	<-arrived
	s.route(func(r *release.Route) {
		r.Sides.Blue, r.Sides.Green = release.SideRoute{}, release.SideRoute{Weight: release.All}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if left := s.board.Settle(ctx); left != 0 || s.blue().Requests != 1 {
		t.Errorf("%d requests had not reached the app, %d in flight on the old side", left, s.blue().Requests)
	}
	close(finish)
	<-done
	s.settled(release.Counters{Accepted: 1, Answered: 1})
}
