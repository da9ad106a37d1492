package probe_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cutover/internal/probe"
	"cutover/internal/release"
)

func TestAProbeAcceptsTwoAndThreeHundredsOnly(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		200: "", 204: "", 302: "", 304: "", 399: "",
		400: "400", 404: "404 Not Found", 500: "500", 503: "503",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				t.Errorf("the redirect of a %d was followed", status)
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}))
		err := probe.Ask(t.Context(), release.Health{Path: "/health?full=1", Timeout: 10 * time.Second}, server.Listener.Addr().String())
		server.Close()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("status %d: %v; want %q", status, err, want)
		}
	}
}

func TestAProbeEndsInTimeAndSaysWhatItSaw(t *testing.T) {
	t.Parallel()
	// It takes connections and never answers.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for name, c := range map[string]struct {
		health release.Health
		addr   string
		want   string
	}{
		"no answer":    {release.Health{Path: "/", Timeout: 50 * time.Millisecond}, silent.Addr().String(), "no answer within 50ms"},
		"open port":    {release.Health{Timeout: 10 * time.Second}, silent.Addr().String(), ""},
		"closed port":  {release.Health{Timeout: 10 * time.Second}, gone.Addr().String(), "nothing listens"},
		"closed, HTTP": {release.Health{Path: "/"}, gone.Addr().String(), "nothing listens"},
		"bad path":     {release.Health{Path: "/%zz"}, silent.Addr().String(), "invalid URL"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		err := probe.Ask(ctx, c.health, c.addr)
		cancel()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}
