package proxy

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/proxy/admin"
	"cutover/internal/release"
	"cutover/internal/shadow/record"
)

func TestRequestsComeOutMaskedAndTheReaderMayGoAtAnyTime(t *testing.T) {
	t.Parallel()
	p, addr := run(t, stateDir(t)), address()
	put(t, p.Client, service("shop", addr, says(t, "hello")))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	users, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		for users.Err() == nil {
			r, _ := http.NewRequestWithContext(users, "GET", "http://"+addr+"/a?token=hunter2&b=1", nil)
			r.Header.Set("Authorization", "hunter2")
			if res, err := http.DefaultClient.Do(r); err == nil {
				res.Body.Close()
			}
		}
	}()
	enough := errors.New("enough")
	var got []record.Request
	err := p.Requests(ctx, admin.Recording{App: "shop", Share: release.All}, func(r record.Request) error {
		if got = append(got, r); len(got) == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
	if r := got[2]; r.URI != "/a?token=masked&b=1" || r.Header["Authorization"][0] != "masked" || r.Method != "GET" {
		t.Errorf("got %+v", r)
	}
	err = p.Requests(ctx, admin.Recording{App: "shop"}, nil)
	if !errors.Is(err, admin.ErrInvalid) {
		t.Errorf("without a share: %v", err)
	}
	stop()
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

func TestBodiesComeOutMaskedOrNotAtAllAndReachTheAppAsTheyWere(t *testing.T) {
	t.Parallel()
	p, addr := run(t, stateDir(t)), address()
	var wrong atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || fmt.Sprintf("%x", sha256.Sum256(body)) != r.Header.Get("X-Sum") {
			wrong.Add(1)
		}
	}))
	t.Cleanup(app.Close)
	put(t, p.Client, service("shop", addr, strings.TrimPrefix(app.URL, "http://")))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	users, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	defer done.Wait()
	defer stop()
	done.Go(func() {
		for users.Err() == nil {
			for kind, body := range map[string]string{
				"application/json":                  `{"user":"ann","password":"hunter2","note":"fine"}`,
				"application/x-www-form-urlencoded": "user=ann&api_token=hunter2&nick=hunter2&note=fine",
				"text/plain":                        "hunter2",
				"application/vnd.large+json":        `{"note":"` + strings.Repeat("hunter2", 1000) + `"}`,
			} {
				r, _ := http.NewRequestWithContext(ctx, "POST", "http://"+addr+"/items", strings.NewReader(body))
				r.Header.Set("Content-Type", kind)
				r.Header.Set("X-Sum", fmt.Sprintf("%x", sha256.Sum256([]byte(body))))
				if kind == "text/plain" {
					r.ContentLength = -1 // chunked
				}
				if res, err := http.DefaultClient.Do(r); err == nil {
					res.Body.Close()
				}
			}
		}
	})
	enough := errors.New("enough")
	var mu sync.Mutex
	var left record.LeftOut
	kinds := map[string]record.Request{}
	err := p.Requests(ctx, admin.Recording{App: "shop", Share: release.All, LeftOut: func(l record.LeftOut) { mu.Lock(); left = l; mu.Unlock() },
		Wanted: record.Wanted{Methods: []string{"POST"}, Body: 4096, Mask: record.Mask{Fields: []string{"nick"}}}}, func(r record.Request) error {
		if strings.Contains(fmt.Sprint(r), "hunter2") {
			t.Errorf("a secret came out: %+v", r)
		}
		kinds[r.Header["Content-Type"][0]] = r
		mu.Lock()
		defer mu.Unlock()
		if len(kinds) == 2 && left.Large > 0 && left.Opaque > 0 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatalf("%v; it got %v, and left out %v", err, kinds, left)
	}
	if r := kinds["application/json"]; r.Body != `{"note":"fine","password":"masked","user":"ann"}` || r.Method != "POST" {
		t.Errorf("got %+v", r)
	}
	if r := kinds["application/x-www-form-urlencoded"]; r.Body != "user=ann&api_token=masked&nick=masked&note=fine" {
		t.Errorf("got %+v", r)
	}
	stop()
	done.Wait()
	if n := wrong.Load(); n > 0 {
		t.Errorf("%d bodies reached the app otherwise than they were sent", n)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}
