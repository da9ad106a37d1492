package endpoint_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cutover/internal/metrics/endpoint"
	"cutover/internal/signal"
	"cutover/internal/signal/signaltest"
)

// serve answers with the body at every path and returns host:port.
func serve(t *testing.T, body string) string {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/stats", "/stats/2":
			fmt.Fprint(w, body)
		case "/elsewhere":
			http.Redirect(w, r, "/stats", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(web.Close)
	return web.Listener.Addr().String()
}

func subject(addrs ...string) signal.Subject {
	s := signal.Subject{App: "shop", Old: signal.Party{Label: "blue", Version: "1"}, New: signal.Party{Label: "green", Version: "2"}}
	for i, a := range addrs {
		in := signal.Instance{ID: fmt.Sprintf("shop-%d", i), Addr: a}
		s.Old.Instances, s.New.Instances = append(s.Old.Instances, in), append(s.New.Instances, in)
	}
	return s
}

func cache(at string) signal.Signal {
	return signal.Signal{Name: "cache", Shape: signal.Counted, Source: signal.Source{
		Kind: signal.Endpoint, At: at, Query: "$.cache.misses", Of: "$.cache.hits", Rest: true,
	}}
}

const body = `{"cache": {"misses": 20, "hits": "80"}, "name": "x", "list": [1]}`

func TestAnEndpointKeepsTheReadersPromises(t *testing.T) {
	t.Parallel()
	signaltest.Run(t, func(t *testing.T) signaltest.Stage {
		door := signaltest.OpenDoor(t, serve(t, body))
		hang := cache("http://" + signaltest.Hanging(t) + "/stats?side={{side}}")
		wrong := cache("/stats")
		wrong.Source.Of = "cache.hits"
		return signaltest.Stage{Reader: endpoint.New(), Signal: cache("/stats"), Wrong: wrong, Subject: subject(door.Addr, door.Addr), Vanish: door.Shut, Hang: &hang}
	})
}

func read(t *testing.T, s signal.Signal, of signal.Subject) []signal.Reading {
	t.Helper()
	r := endpoint.New()
	t.Cleanup(func() { _ = r.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	return r.Read(ctx, s, of)
}

func TestEveryInstanceIsAskedForPartAndWhole(t *testing.T) {
	t.Parallel()
	addr := serve(t, body)
	list := read(t, cache("/stats"), subject(addr, addr))
	if len(list) != 4 {
		t.Fatalf("%d readings: %+v", len(list), list)
	}
	for _, r := range list {
		if r.Missing != "" || r.Value != 20 || r.Of != 100 || r.Instance == "" {
			t.Errorf("%+v", r)
		}
	}
}

func TestAWholeAddressIsFilledForEachSide(t *testing.T) {
	t.Parallel()
	s := cache("http://" + serve(t, body) + "/stats/{{version}}")
	for _, r := range read(t, s, subject()) {
		if got := r.Missing == ""; got != (r.Side == signal.New) {
			t.Errorf("only version 2 has a page: %+v", r)
		}
	}
}

func TestWhatAnEndpointDoesNotSayIsMissingWithTheReason(t *testing.T) {
	t.Parallel()
	addr := serve(t, body)
	for name, c := range map[string]struct {
		change func(*signal.Signal)
		says   string
	}{
		"another page":  {func(s *signal.Signal) { s.Source.At = "/none" }, "the status is 404, not 200"},
		"a redirection": {func(s *signal.Signal) { s.Source.At = "/elsewhere" }, "the status is 302, not 200"},
		"no such field": {func(s *signal.Signal) { s.Source.Query = "$.cache.mises" }, `$.cache has no field "mises"`},
		"a text":        {func(s *signal.Signal) { s.Source.Query = "$.name" }, "$.name is not a number"},
		"a list":        {func(s *signal.Signal) { s.Source.Of = "$.list" }, "$.list is not a number"},
		"a broken path": {func(s *signal.Signal) { s.Source.Query = "name" }, "must begin with $"},
	} {
		s := cache("/stats")
		c.change(&s)
		for _, r := range read(t, s, subject(addr)) {
			if !strings.Contains(r.Missing, c.says) {
				t.Errorf("%s: %+v; want %q", name, r, c.says)
			}
		}
	}
	for answer, says := range map[string]string{"<html>": "not JSON", "": "not JSON", `{"cache":{"misses":1e999,"hits":1}}`: "is not a number"} {
		for _, r := range read(t, cache("/stats"), subject(serve(t, answer))) {
			if !strings.Contains(r.Missing, says) {
				t.Errorf("%q: %+v; want %q", answer, r, says)
			}
		}
	}
	if r := read(t, cache("/stats"), subject()); len(r) != 2 || r[0].Missing != "no instance runs" {
		t.Errorf("%+v", r)
	}
}

func TestAddressesThatCannotBeAskedAreRefused(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"shop", "ftp://shop/stats", "http://", "env:", "http://a b/"} {
		if err := endpoint.New().Check(cache(at)); err == nil {
			t.Errorf("%q is taken", at)
		}
	}
	s := cache("/stats")
	if s.Shared = true; endpoint.New().Check(s) == nil {
		t.Error("a shared number of every instance is taken")
	}
}
