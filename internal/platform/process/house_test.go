package process_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cutover/internal/platform/process"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

const (
	app    = "shop"
	digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// order asks for count blue instances of the test program run with args.
func (h *house) order(count int, args ...string) release.StartOrder {
	h.t.Helper()
	a := h.artefact(args...)
	a.Health = release.Health{Path: "/health", Every: time.Millisecond, Timeout: 10 * time.Second, Failures: 3}
	a.Stop = release.Stop{Signal: "TERM", Grace: 15 * time.Second}
	return release.StartOrder{
		Stamp: release.Stamp{App: app, Key: "test/1", Fence: 1},
		Side:  release.Blue, Version: "1.0", Digest: digest, Artefact: a, Count: count,
	}
}

// opened returns a new house with its platform; what runs there is stopped
// when the test ends.
func opened(t *testing.T) (*house, *process.Platform) {
	t.Helper()
	h := newHouse(t)
	p := h.open(process.Options{})
	stopAtEnd(t, p)
	return h, p
}

func start(t *testing.T, p *process.Platform, order release.StartOrder) {
	t.Helper()
	if err := p.Start(t.Context(), order); err != nil {
		t.Fatalf("start: %v", err)
	}
}

func observe(t *testing.T, p *process.Platform) []release.Instance {
	t.Helper()
	list, err := p.Observe(t.Context(), app)
	if err != nil {
		t.Fatalf("observe: %v", err)
	}
	return list
}

func ready(t *testing.T, p *process.Platform, count int) []release.Instance {
	t.Helper()
	var list []release.Instance
	testkit.Await(t, fmt.Sprintf("%d ready instances", count), func() bool {
		list = observe(t, p)
		return release.Instances{Known: true, List: list}.Ready() == count
	})
	return list
}

// ended waits until the only instance has ended by itself.
func ended(t *testing.T, p *process.Platform) release.Instance {
	t.Helper()
	var in release.Instance
	testkit.Await(t, "the end of the instance", func() bool {
		in = observe(t, p)[0]
		return !in.Alive
	})
	return in
}

func stopOrder(list ...release.Instance) release.StopOrder {
	order := release.StopOrder{Stamp: release.Stamp{App: app, Key: "test/2", Fence: 1}}
	for _, in := range list {
		order.Instances = append(order.Instances, in.ID)
	}
	return order
}

func stop(t *testing.T, p *process.Platform, list ...release.Instance) {
	t.Helper()
	if err := p.Stop(t.Context(), stopOrder(list...)); err != nil {
		t.Fatalf("stop: %v", err)
	}
}

// stopAtEnd stops everything when the test ends, failed or not.
func stopAtEnd(t *testing.T, p *process.Platform) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		list, err := p.Observe(ctx, app)
		if err != nil {
			t.Errorf("observe at the end: %v", err)
		}
		if err := p.Stop(ctx, stopOrder(list...)); err != nil {
			t.Errorf("stop at the end: %v", err)
		}
	})
}

// inSlot is a file of an instance's record.
func (h *house) inSlot(id, file string) string {
	return filepath.Join(h.dir, "instances", app, "slots", id, file)
}

func (h *house) log(id string) string {
	h.t.Helper()
	text, err := os.ReadFile(filepath.Join(h.dir, "logs", app, id+".log"))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// changeRecord replaces what a record says.
func changeRecord(t *testing.T, path, old, new string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%s: %s, %v; want %s in it", path, text, err, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// recorded reports whether a record of the instance has text in it by now.
func (h *house) recorded(id, file, text string) bool {
	data, err := os.ReadFile(h.inSlot(id, file))
	return err == nil && strings.Contains(string(data), text)
}

func exists(pid int) bool { return syscall.Kill(pid, 0) == nil }

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
