package redis

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"cutover/internal/release"
	"cutover/internal/testkit"
	testredis "cutover/internal/testkit/redis"
)

// lasting starts a Redis that keeps what it has acknowledged through kill -9:
// it is in the kernel's hands by then.
func lasting(t *testing.T) *testredis.Server {
	t.Helper()
	return testredis.Start(t, "--appendonly", "yes", "--appendfsync", "no")
}

// up starts it again and returns when it has read its data.
func up(t *testing.T, s *testredis.Server) {
	t.Helper()
	s.Run()
	testkit.Await(t, "Redis to have read its data", func() bool {
		_, err := Look(t.Context(), release.Redis{Address: s.Addr})
		return err == nil
	})
}

func TestRedisKilledInTheMiddleOfAPurgeLosesNothingAndThePurgeGoesOn(t *testing.T) {
	t.Parallel()
	s := lasting(t)
	c := fill(t, s.Addr, "data:1:", "x", 3000)
	kept := []string{"data:2:", "data:10:", "sessions:1:", "other:"}
	for _, p := range kept {
		fill(t, s.Addr, p, "x", 500)
	}
	o := release.PurgeOrder{CacheOrder: shop(release.Redis{Address: s.Addr}), Prefix: "data:1:"}
	var at release.CacheProgress
	o.Progressed = func(p release.CacheProgress) error {
		if at = p; p.Removed > 1000 {
			s.Kill()
		}
		return nil
	}
	store := &Store{}
	_, err := store.Purge(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), s.Addr) || !strings.Contains(err.Error(), "see that it runs") {
		t.Errorf("it ended with %v", err)
	}
	if w, err := store.Observe(t.Context(), o.CacheOrder); err == nil || w.Known {
		t.Errorf("of a Redis that was killed it is known: %+v", w)
	}
	up(t, s)
	if left := keys(t, c, "data:1:*"); left != 3000-int(at.Removed) {
		t.Errorf("%d keys are left, and %d of 3000 were removed", left, at.Removed)
	}
	// Another controller goes on from what is on record.
	o.From, o.Progressed = at, nil
	if got, err := new(Store).Purge(t.Context(), o); err != nil || got.Removed != 3000 {
		t.Errorf("%+v, %v", got, err)
	}
	if n := keys(t, c, "data:1:*"); n != 0 {
		t.Errorf("%d keys are left", n)
	}
	for _, p := range kept {
		if n := keys(t, c, p+"*"); n != 500 {
			t.Errorf("of %s there are %d keys left", p, n)
		}
	}
}

// wire passes everything on to a server, and strikes before the first bytes of
// a client's n-th message.
type wire struct {
	Addr string
	to   string

	mu     sync.Mutex
	n, at  int
	strike func()
}

func between(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Addr: l.Addr().String(), to: to}
	var calls sync.WaitGroup
	calls.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			calls.Go(func() { w.carry(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		calls.Wait()
	})
	return w
}

func (w *wire) arm(at int, strike func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n, w.at, w.strike = 0, at, strike
}

// struck reports whether it came to the strike.
func (w *wire) struck() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n >= w.at
}

func (w *wire) count() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n++; w.n == w.at {
		w.strike()
	}
}

func (w *wire) carry(c net.Conn) {
	defer c.Close()
	onward, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer onward.Close()
	go func() {
		_, _ = io.Copy(c, onward)
		_ = c.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		w.count()
		if _, err := onward.Write(buf[:n]); err != nil {
			return
		}
	}
}

func TestRedisKilledWhileAGenerationIsTakenIntoUseIsAskedAnewAndSaysTheSame(t *testing.T) {
	t.Parallel()
	s := lasting(t)
	w := between(t, s.Addr)
	fill(t, s.Addr, "data:1:", "x", 300)
	fill(t, s.Addr, "data:2:", "x", 200)
	fill(t, s.Addr, "sessions:1:user:", `{"a": 1}`, 300)
	o := shop(release.Redis{Address: w.Addr})
	for what, ask := range map[string]func(ctx context.Context) (any, error){
		"the sample": func(ctx context.Context) (any, error) {
			r, err := new(Store).Sample(ctx, o)
			return fmt.Sprint(r.Keys, r.Note), err
		},
		"a look": func(ctx context.Context) (any, error) {
			w, err := new(Store).Observe(ctx, o)
			return fmt.Sprint(w.Known, w.Keys), err
		},
	} {
		w.arm(0, nil)
		want, err := ask(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for place := 1; ; place += 3 {
			w.arm(place, s.Kill)
			got, err := ask(t.Context())
			if !w.struck() {
				break
			}
			if err == nil {
				t.Errorf("%s, with Redis killed before message %d, is %v", what, place, got)
			}
			up(t, s)
			if got, err := ask(t.Context()); err != nil || got != want {
				t.Errorf("%s, killed before message %d and asked anew, is %v, %v; want %v", what, place, got, err, want)
			}
			if place > 100 {
				t.Fatalf("%s has more than 100 messages", what)
			}
		}
	}
}
