package sample_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"cutover/internal/demo/sample"
	"cutover/internal/testkit"
)

// client never reuses a connection, so no answer of one test step can hang
// on the end of another.
var client = &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}

func request(t *testing.T, method, url, id, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if id != "" {
		req.Header.Set(sample.RequestIDHeader, id)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func TestEveryAnswerSaysWhichVersionAndInstanceGaveIt(t *testing.T) {
	t.Parallel()
	_, url := startShop(t, "v2")
	for _, path := range []string{"/", "/health", "/version", "/api/items", "/api/orders", "/slow?ms=0", "/no-such-page", "/slow?ms=x"} {
		resp, _ := request(t, "GET", url+path, "id-1", "")
		version, instance := resp.Header.Get(sample.VersionHeader), resp.Header.Get(sample.InstanceHeader)
		if version != "v2" || instance != "web-1" || resp.Header.Get(sample.RequestIDHeader) != "id-1" {
			t.Errorf("%s: headers say version %q, instance %q, id %q", path, version, instance, resp.Header.Get(sample.RequestIDHeader))
		}
	}
}

func TestAnOrderIsAnsweredWithTheIDOfItsRequest(t *testing.T) {
	t.Parallel()
	_, url := startShop(t, "v1")
	resp, body := request(t, "POST", url+"/api/orders", "order-7", `{"item":"tea","quantity":2}`)
	var got sample.Order
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	if want := (sample.Order{ID: "order-7", Item: "tea", Quantity: 2}); resp.StatusCode != 201 || got != want {
		t.Fatalf("answered %d %+v, want 201 %+v", resp.StatusCode, got, want)
	}
	if _, listed := request(t, "GET", url+"/api/orders", "", ""); !strings.Contains(listed, `"order-7"`) || !strings.Contains(listed, `"taken":1`) {
		t.Fatalf("the order is not listed: %s", listed)
	}
	for body, want := range map[string]int{`{"item":"gold","quantity":1}`: 422, `{"item":"tea","quantity":0}`: 422, `not json`: 400} {
		if resp, _ := request(t, "POST", url+"/api/orders", "", body); resp.StatusCode != want {
			t.Errorf("%s: answered %d, want %d", body, resp.StatusCode, want)
		}
	}
}

func TestTermLetsARequestInFlightCompleteAndExitsWithZero(t *testing.T) {
	t.Parallel()
	p, url := startShop(t, "v1")
	resp, err := client.Get(url + "/slow?ms=400&early=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	p.Term()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.HasSuffix(string(body), "done after 400 ms\n") {
		t.Fatalf("the answer was cut: %q, %v", body, err)
	}
	if code := p.ExitCode(); code != 0 {
		t.Fatalf("exit code %d, output:\n%s", code, p.Output())
	}
}

func TestTermEndsAnEventStreamCleanly(t *testing.T) {
	t.Parallel()
	p, url := startShop(t, "v1")
	resp, err := client.Get(url + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	r := bufio.NewReader(resp.Body)
	if line, err := r.ReadString('\n'); err != nil || line != "id: 1\n" {
		t.Fatalf("the stream began with %q, %v", line, err)
	}
	p.Term()
	rest, err := io.ReadAll(r)
	if err != nil || !strings.HasSuffix(string(rest), "event: bye\ndata: {}\n\n") {
		t.Fatalf("the stream ended with %v after %q", err, rest)
	}
	if code := p.ExitCode(); code != 0 {
		t.Fatalf("exit code %d, output:\n%s", code, p.Output())
	}
}

func TestAWebSocketEchoesAndIsClosedAsGoingAwayOnTerm(t *testing.T) {
	t.Parallel()
	p, url := startShop(t, "v1")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, url+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if got := resp.Header.Get(sample.VersionHeader); got != "v1" {
		t.Errorf("the handshake names version %q", got)
	}
	if err := conn.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	ticked, echoed := false, false
	for !ticked || !echoed {
		_, msg, err := conn.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		ticked = ticked || strings.HasPrefix(string(msg), `{"tick":`)
		echoed = echoed || string(msg) == "hello"
	}
	p.Term()
	for err == nil {
		_, _, err = conn.Read(ctx)
	}
	if got := websocket.CloseStatus(err); got != websocket.StatusGoingAway {
		t.Fatalf("closed with %d (%v), want 1001", got, err)
	}
	if code := p.ExitCode(); code != 0 {
		t.Fatalf("exit code %d, output:\n%s", code, p.Output())
	}
}

func TestWorkThatOutlivesTheDrainIsCutAndReported(t *testing.T) {
	t.Parallel()
	p, url := startShop(t, "v1", "SAMPLE_DRAIN=50ms")
	resp, err := client.Get(url + "/slow?ms=60000&early=1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	p.Term()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the answer was not cut")
	}
	if code := p.ExitCode(); code != 1 || !strings.Contains(p.Output(), "work was left after 50ms") {
		t.Fatalf("exit code %d, output:\n%s", code, p.Output())
	}
}

func TestACrashCutsWhatIsInFlightAndExitsWithAnError(t *testing.T) {
	t.Parallel()
	p, url := startShop(t, "crash", "SAMPLE_CRASH_AFTER=300ms")
	if resp, err := client.Get(url + "/slow?ms=60000&early=1"); err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil {
			t.Error("the answer was not cut")
		}
	}
	if code := p.ExitCode(); code != 1 || !strings.Contains(p.Output(), sample.ErrCrashed.Error()) {
		t.Fatalf("exit code %d, output:\n%s", code, p.Output())
	}
}

func TestAnInstanceThatCannotListenSaysSo(t *testing.T) {
	t.Parallel()
	_, url := startShop(t, "v1")
	p := testkit.Start(t, "shop", "SAMPLE_ADDR="+strings.TrimPrefix(url, "http://"))
	if code := p.ExitCode(); code != 1 || !strings.Contains(p.Output(), "choose another address") {
		t.Fatalf("exit code %d, output:\n%s", code, p.Output())
	}
}

func TestTheLogHoldsEveryAnsweredRequestOnceEvenAfterAKill(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "requests.log")
	one, urlOne := startShop(t, "v1", "SAMPLE_REQUEST_LOG="+log)
	_, urlTwo := startShop(t, "v2", "SAMPLE_REQUEST_LOG="+log)
	var group sync.WaitGroup
	const each = 60
	for n, url := range []string{urlOne, urlTwo} {
		group.Go(func() {
			for i := range each {
				request(t, "GET", url+"/api/items", fmt.Sprintf("%d-%d", n, i), "")
			}
		})
	}
	group.Wait()
	one.Kill()
	entries, err := sample.ReadRequestLog(log)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, e := range entries {
		times[e.ID+" "+e.Version]++
	}
	for n, version := range []string{"v1", "v2"} {
		for i := range each {
			key := fmt.Sprintf("%d-%d %s", n, i, version)
			if times[key] != 1 {
				t.Errorf("%s is in the log %d times", key, times[key])
			}
		}
	}
	if len(entries) != 2*each {
		t.Errorf("the log has %d entries, want %d", len(entries), 2*each)
	}
}
