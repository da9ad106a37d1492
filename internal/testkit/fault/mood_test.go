package fault_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"cutover/internal/testkit"
	"cutover/internal/testkit/fault"
)

// ask returns status and body, 0 if there was no answer until ctx ended.
func ask(ctx context.Context, t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, string(b)
}

func TestAnInstanceLiesToItsUsersOrToTheProbe(t *testing.T) {
	t.Parallel()
	dials := t.TempDir()
	url := testkit.Start(t, "server", "DIALS="+dials).Line("url ")
	m := fault.Moody{Dir: dials, ID: "a"}
	for mood, want := range map[fault.Mood][2]int{fault.FailsUsers: {200, 500}, fault.FailsProbe: {503, 200}, "": {200, 200}, fault.Stubborn: {200, 200}} {
		heal := inject(t, m.Put(mood))
		probe, _ := ask(t.Context(), t, url+"/health")
		users, _ := ask(t.Context(), t, url+"/")
		if probe != want[0] || users != want[1] {
			t.Errorf("%q: the probe hears %d, users %d; want %v", mood, probe, users, want)
		}
		heal()
	}
}

func TestAnInstanceHangsUntilItIsMended(t *testing.T) {
	t.Parallel()
	dials := t.TempDir()
	url := testkit.Start(t, "server", "DIALS="+dials).Line("url ")
	heal := inject(t, fault.Moody{Dir: dials, ID: "a"}.Put(fault.Hangs))
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if code, _ := ask(short, t, url+"/"); code != 0 {
		t.Errorf("answered %d while it hung", code)
	}
	answered := make(chan int)
	go func() {
		code, _ := ask(context.WithoutCancel(t.Context()), t, url+"/")
		answered <- code
	}()
	heal()
	if code := <-answered; code != 200 {
		t.Errorf("answered %d when it was mended", code)
	}
}

func TestAnInstanceRefusesToDie(t *testing.T) {
	t.Parallel()
	dials := t.TempDir()
	p := testkit.Start(t, "server", "DIALS="+dials)
	url := p.Line("url ")
	inject(t, fault.Moody{Dir: dials, ID: "a"}.Put(fault.Stubborn))
	p.Term()
	p.Line("ignored ")
	if code, _ := ask(t.Context(), t, url+"/"); code != 200 {
		t.Errorf("answered %d after SIGTERM", code)
	}
	p.Kill()
}
