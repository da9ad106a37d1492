package load_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"cutover/internal/demo/load"
	"cutover/internal/demo/sample"
	"cutover/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{"shop": func(ctx context.Context) error {
		o, err := sample.FromEnv(os.Getenv)
		if err != nil {
			return err
		}
		o.Listening = func(addr string) { fmt.Println("listening on " + addr) }
		return sample.Run(ctx, o)
	}})
}

// startShop starts the sample app as a real process.
func startShop(t *testing.T, version string, env ...string) (*testkit.Process, string) {
	t.Helper()
	env = append([]string{"SAMPLE_ADDR=127.0.0.1:0", "SAMPLE_VERSION=" + version}, env...)
	p := testkit.Start(t, "shop", env...)
	return p, "http://" + p.Line("listening on ")
}

// start begins a load that is stopped at the end of the test at the latest.
func start(t *testing.T, o load.Options) *load.Client {
	t.Helper()
	c, err := load.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		done, cancel := context.WithCancel(context.Background())
		cancel()
		c.Stop(done)
	})
	return c
}

// stop ends the load, giving requests in flight time, and checks the sums
// that must hold whatever happened.
func stop(t *testing.T, c *load.Client) load.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r := c.Stop(ctx)
	mustAddUp(t, r)
	return r
}

func mustAddUp(t *testing.T, r load.Report) {
	t.Helper()
	if n := r.Requests.InFlight(); n != 0 {
		t.Errorf("%d requests have no fate: %+v", n, r.Requests)
	}
	if n := r.Streams.Open(); n != 0 {
		t.Errorf("%d streams are still open: %+v", n, r.Streams)
	}
	if c := r.Counters(); c.Accepted != c.Answered+c.ClientGone+c.Lost {
		t.Errorf("the counters do not add up: %+v", c)
	}
	var byVersion, byClass, byReason uint64
	for _, v := range r.Versions {
		byVersion += v.Requests
	}
	for _, n := range r.Status {
		byClass += n
	}
	for _, n := range r.LostBy {
		byReason += n
	}
	if byVersion != r.Requests.Answered || byClass != r.Requests.Answered || byReason != r.Requests.Lost {
		t.Errorf("by version %d, by class %d, by reason %d of %+v", byVersion, byClass, byReason, r.Requests)
	}
}

// witness keeps the outcomes a client tells of.
type witness struct {
	mu  sync.Mutex
	all []load.Outcome
}

func (w *witness) see(o load.Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, o)
}

func (w *witness) outcomes() []load.Outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]load.Outcome{}, w.all...)
}
