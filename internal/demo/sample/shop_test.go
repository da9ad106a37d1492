package sample

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// opened returns a shop as it is right after its start, and its clock.
func opened(t *testing.T, o Options) (*shop, *time.Time) {
	t.Helper()
	log, err := openRequestLog(o.RequestLog)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.close() })
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return newShop(o.complete(), log, func() time.Time { return now }), &now
}

func ask(s *shop, path, id string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	if id != "" {
		r.Header.Set(RequestIDHeader, id)
	}
	w := httptest.NewRecorder()
	s.routes().ServeHTTP(w, r)
	return w
}

func TestASlowStartIsReadyOnlyWhenItIsWarm(t *testing.T) {
	t.Parallel()
	s, now := opened(t, Options{Version: "slow-start"})
	if w := ask(s, "/health", ""); w.Code != 503 || w.Body.String() != "warming\n" {
		t.Fatalf("at the start: %d %q", w.Code, w.Body)
	}
	*now = now.Add(slowStart)
	if w := ask(s, "/health", ""); w.Code != 200 {
		t.Fatalf("when warm: %d %q", w.Code, w.Body)
	}
}

func TestADrainingInstanceIsNotReady(t *testing.T) {
	t.Parallel()
	s, _ := opened(t, Options{Version: "v1"})
	if w := ask(s, "/health", ""); w.Code != 200 {
		t.Fatalf("before: %d %q", w.Code, w.Body)
	}
	close(s.draining)
	if w := ask(s, "/health", ""); w.Code != 503 || w.Body.String() != "draining\n" {
		t.Fatalf("while draining: %d %q", w.Code, w.Body)
	}
}

func TestNeverReadyStaysNotReady(t *testing.T) {
	t.Parallel()
	s, now := opened(t, Options{Version: "never-ready"})
	*now = now.Add(1000 * time.Hour)
	if w := ask(s, "/health", ""); w.Code != 503 {
		t.Fatalf("%d %q", w.Code, w.Body)
	}
}

func TestTheThirdVersionFailsOneInTwentyThoughItsHealthAndSmokeChecksPass(t *testing.T) {
	t.Parallel()
	s, _ := opened(t, Options{Version: "v3"})
	const asked = 4000
	failed := 0
	for i := range asked {
		id := fmt.Sprintf("u-%d", i)
		w := ask(s, "/api/items", id)
		if (w.Code == 500) != Fails(flawedShare, id) {
			t.Fatalf("%s was answered %d", id, w.Code)
		}
		if w.Code == 500 {
			failed++
		}
		if h := ask(s, "/health", id); h.Code != 200 {
			t.Fatalf("health answers %d", h.Code)
		}
	}
	if failed < asked*4/100 || failed > asked*6/100 {
		t.Errorf("%d of %d failed, want about 5 %%", failed, asked)
	}
	for _, path := range []string{"/", "/api/items", "/version", "/health"} {
		if w := ask(s, path, ""); w.Code != 200 {
			t.Errorf("the smoke check %s got %d", path, w.Code)
		}
	}
}

func TestGoodVersionsNeverFail(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v1", "v2", "v4"} {
		s, _ := opened(t, Options{Version: version})
		for i := range 500 {
			if w := ask(s, "/", fmt.Sprint(i)); w.Code != 200 {
				t.Fatalf("%s answered %d", version, w.Code)
			}
		}
	}
}

func TestThePageShowsItsVersionAndDiffersBetweenVersions(t *testing.T) {
	t.Parallel()
	pages := map[string]string{}
	for _, version := range []string{"v1", "v2", "v3", "v4", "other"} {
		s, _ := opened(t, Options{Version: version})
		body := ask(s, "/", "").Body.String()
		if !strings.Contains(body, `<span class="version">`+version+`</span>`) || !strings.Contains(body, "8.90") {
			t.Errorf("%s: the page lacks its version or the price of tea", version)
		}
		pages[strings.ReplaceAll(body, version, "")] = version
	}
	if len(pages) != 5 {
		t.Errorf("only %d pages differ in more than the version's name", len(pages))
	}
}

func TestARequestThatCannotBeLoggedIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := opened(t, Options{Version: "v1", RequestLog: filepath.Join(t.TempDir(), "log")})
	if err := s.log.close(); err != nil {
		t.Fatal(err)
	}
	if w := ask(s, "/api/items", "id-1"); w.Code != 500 || !strings.Contains(w.Body.String(), "writing the request log") {
		t.Fatalf("answered %d %q", w.Code, w.Body)
	}
}

func TestTheRequestLogIsPrivateAndTakesNoIDThatWouldBreakItsLines(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	s, _ := opened(t, Options{Version: "v1", Instance: "web-1", RequestLog: path})
	for _, id := range []string{"good", "with space", "with\ttab", strings.Repeat("x", longestID+1)} {
		ask(s, "/api/items", id)
	}
	entries, err := ReadRequestLog(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Entry{ID: "good", Method: "GET", Path: "/api/items", Version: "v1", Instance: "web-1"}
	if len(entries) != 1 || entries[0] != want {
		t.Errorf("the log has %+v, want only %+v", entries, want)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestTheOrderBookKeepsOnlyTheLatest(t *testing.T) {
	t.Parallel()
	var b orderBook
	for i := range ordersKept + 5 {
		b.add(Order{ID: fmt.Sprint(i)})
	}
	taken, latest := b.read()
	if taken != ordersKept+5 || len(latest) != ordersKept || latest[0].ID != "5" {
		t.Errorf("taken %d, kept %d from %s on", taken, len(latest), latest[0].ID)
	}
}
