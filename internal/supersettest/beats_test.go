//go:build superset

package superset_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// beats watches how many schedulers run at once.
type beats struct {
	mu      sync.Mutex
	most    int
	samples int
	gap     time.Duration
	// aside is set while users are not served: there is no scheduler then, and
	// that is no gap.
	aside bool
}

// setAside says whether users are not served for now.
func (b *beats) setAside(aside bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.aside = aside
}

// watch samples /proc until ctx ends. A scheduler is recognised by what it was
// started with, and by the home that only this test's processes have.
func (b *beats) watch(ctx context.Context, home string) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var seen time.Time
	for {
		n, now := schedulers(home), time.Now()
		b.mu.Lock()
		b.samples++
		b.most = max(b.most, n)
		if b.aside {
			seen = now
		}
		if n > 0 {
			if !seen.IsZero() {
				b.gap = max(b.gap, now.Sub(seen))
			}
			seen = now
		}
		b.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// schedulers counts the processes that run Celery's beat.
func schedulers(home string) (n int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err != nil || !strings.Contains(string(line), "/celery\x00") || !strings.Contains(string(line), "\x00beat\x00") {
			continue
		}
		env, err := os.ReadFile(fmt.Sprintf("/proc/%s/environ", e.Name()))
		if err == nil && strings.Contains("\x00"+string(env), "\x00HOME="+home+"\x00") {
			n++
		}
	}
	return n
}
