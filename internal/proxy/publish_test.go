package proxy

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/proxy/admin"
)

func TestUsersMoveOnceTheTableIsOnDiskAndTheOrderIsAcknowledgedOnceItIsThereTwice(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	seen := make(chan string, 16)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	o := Options{StateDir: dir, Version: "test", Drain: 5 * time.Second, atWrite: func(file, step string) {
		switch {
		case file == "table.next" && step == "sync", file == "table.json" && step == "create":
			_, body := ask(t, addr)
			seen <- file + " " + body
		}
	}}
	client := admin.NewClient(SocketIn(dir))
	start := func() {
		go func() { ended <- Run(ctx, o) }()
		eventually(t, func() bool { _, err := client.Health(t.Context()); return err == nil }, func() any { return "the proxy is not up" })
	}
	// The first table comes from a proxy that nobody watches.
	first := run(t, dir)
	put(t, first.Client, service("shop", addr, says(t, "old")))
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	start()
	t.Cleanup(func() { cancel(); <-ended })
	put(t, client, service("shop", addr, says(t, "new")))
	for _, want := range []string{"table.next old", "table.json new"} {
		if got := <-seen; got != want {
			t.Errorf("while it was written: %s, want %s", got, want)
		}
	}
}

func TestAnOrderWhoseSecondCopyFailsIsInForceAndCompletedByRepeatingIt(t *testing.T) {
	t.Parallel()
	dir, addr := stateDir(t), address()
	p := run(t, dir)
	put(t, p.Client, service("shop", addr, says(t, "old")))
	second := filepath.Join(dir, "table.copy.json")
	if err := os.Remove(second); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(second, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := service("shop", addr, says(t, "new"))
	for generation := uint64(1); generation <= 2; generation++ { // the second is equal to what is in force
		_, err := p.Change(t.Context(), admin.Change{Generation: generation, Fence: 1, App: "shop", Service: s})
		if err == nil || !strings.Contains(err.Error(), "repeat the order") {
			t.Errorf("it was answered %v", err)
		}
		expect(t, addr, "new")
	}
	if err := os.RemoveAll(second); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Change(t.Context(), admin.Change{Generation: 2, Fence: 1, App: "shop", Service: s}); err != nil {
		t.Fatal(err)
	}
	main, err := os.ReadFile(filepath.Join(dir, "table.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(second); err != nil || string(got) != string(main) {
		t.Errorf("the copy has %s, %v", got, err)
	}
}
