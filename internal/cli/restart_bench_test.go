package cli_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"
)

// restarts is how often the data plane is killed.
const restarts = 20

// BenchmarkRestart says how long users are without a data plane that was
// killed: from kill -9 until one of them, who asks every few milliseconds, has
// an answer again.
func BenchmarkRestart(b *testing.B) {
	h := newHouse(b)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	var took []time.Duration
	for b.Loop() {
		for range restarts {
			took = append(took, h.absence(b))
			<-time.After(rand.N(time.Second)) // whatever the controller is at
		}
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "ms-median")
	b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "ms-longest")
}

// absence kills the data plane and returns how long nobody answered.
func (h *house) absence(b *testing.B) time.Duration {
	victim := h.dataPlane()
	began := time.Now()
	kill(b, victim)
	users := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ; time.Since(began) < patience; <-tick.C {
		res, err := users.Get("http://" + h.listen + "/version")
		if err != nil {
			continue
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			b.Fatalf("the table was not the one before: %s", res.Status)
		}
		return time.Since(began)
	}
	b.Fatalf("nobody answered within %v", patience)
	return 0
}
