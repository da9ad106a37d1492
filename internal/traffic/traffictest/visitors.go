package traffictest

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"cutover/internal/release"
)

// Endpoint starts an instance of a side, which lasts as long as the test, and
// returns where it is.
func Endpoint(t testing.TB, side release.Side) release.Endpoint {
	t.Helper()
	return newInstance(t, side).at
}

// Visitors use a front all the time, each request on a connection of its own:
// whatever happens to the front, they are to be answered.
type Visitors struct {
	t    testing.TB
	stop chan struct{}
	wg   sync.WaitGroup
	once sync.Once

	mu   sync.Mutex
	sent int
	lost []string
}

// Visit sends two visitors to a front, host:port.
func Visit(t testing.TB, listen string) *Visitors {
	t.Helper()
	v := &Visitors{t: t, stop: make(chan struct{})}
	for i := range 2 {
		v.wg.Go(func() { v.visit(fmt.Sprintf("http://%s/", listen), fmt.Sprint("visitor-", i)) })
	}
	t.Cleanup(v.end)
	return v
}

func (v *Visitors) visit(url, user string) {
	c := lone()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-v.stop:
			return
		case <-tick.C:
		}
		why := answered(c, url, user)
		v.mu.Lock()
		v.sent++
		if why != "" {
			v.lost = append(v.lost, why)
		}
		v.mu.Unlock()
	}
}

// answered says why a request was not answered as it should be, "" if it was.
func answered(c *http.Client, url, user string) string {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	req.AddCookie(&http.Cookie{Name: Cookie, Value: user})
	res, err := c.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "answered " + res.Status
	}
	return ""
}

func (v *Visitors) end() {
	v.once.Do(func() { close(v.stop) })
	v.wg.Wait()
}

// Leave sends them home and demands that each request was answered.
func (v *Visitors) Leave() {
	v.t.Helper()
	v.end()
	if n := len(v.lost); n > 0 || v.sent == 0 {
		v.t.Errorf("%d of %d requests were lost: %v", n, v.sent, v.lost[:min(n, 3)])
	}
}
