package redis

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"cutover/internal/release"
	"cutover/internal/testkit"
	"cutover/internal/testkit/authority"
	testredis "cutover/internal/testkit/redis"
)

// shop caches data, bumped from 1 to 2, and sessions, kept.
func shop(at release.Redis) release.CacheOrder {
	gen := func(name string, n int) release.Generation {
		return release.Generation{Number: n, Prefix: fmt.Sprintf("%s:%d:", name, n), Format: "1"}
	}
	return release.CacheOrder{App: "shop", Release: "r2", Cache: release.Cache{Redis: at, Namespaces: []release.Namespace{
		{Name: "data", From: gen("data", 1), To: gen("data", 2)}, {Name: "sessions", From: gen("sessions", 1), To: gen("sessions", 1)}}}}
}

// fill sets n keys of a prefix and returns a client.
func fill(t *testing.T, addr, prefix, value string, n int) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
	t.Cleanup(func() { _ = c.Close() })
	pipe := c.Pipeline()
	for i := range n {
		pipe.Set(t.Context(), fmt.Sprintf("%s%d", prefix, i), value, 0)
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func keys(t *testing.T, c *redis.Client, pattern string) int {
	t.Helper()
	list, err := c.Keys(t.Context(), pattern).Result()
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestAPurgeRemovesItsGenerationAndNothingElse(t *testing.T) {
	t.Parallel()
	s := testredis.Start(t)
	for _, p := range []string{"data:1:", "data:10:", "data:2:", "data:*:", "sessions:1:"} {
		fill(t, s.Addr, p, "x", 1500)
	}
	c := fill(t, s.Addr, "other:", "x", 10)
	o := release.PurgeOrder{CacheOrder: shop(release.Redis{Address: s.Addr}), Prefix: "data:1:"}
	var last release.CacheProgress
	o.Progressed = func(p release.CacheProgress) error { last = p; return nil }
	got, err := new(Store).Purge(t.Context(), o)
	if err != nil || got.Removed != 1500 {
		t.Fatalf("%+v, %v", got, err)
	}
	if last.Removed != 1500 || last.Cursor != 0 || last.Total != 7510 {
		t.Errorf("the last word was %+v", last)
	}
	for pattern, want := range map[string]int{"data:1:*": 0, "data:10:*": 1500, "data:2:*": 1500, "sessions:*": 1500, `data:\*:*`: 1500, "other:*": 10} {
		if n := keys(t, c, pattern); n != want {
			t.Errorf("%d keys %s are left, want %d", n, pattern, want)
		}
	}
	o.Prefix = "data:*:"
	if got, err := new(Store).Purge(t.Context(), o); err != nil || got.Removed != 1500 {
		t.Errorf("a prefix with a sign of patterns: %+v, %v", got, err)
	}
	o.Prefix = ""
	if _, err := new(Store).Purge(t.Context(), o); !errors.Is(err, errNoPrefix) {
		t.Errorf("without a prefix: %v", err)
	}
}

func TestAnInterruptedPurgeGoesOnWhereItWasAndMissesNothing(t *testing.T) {
	t.Parallel()
	s := testredis.Start(t)
	c := fill(t, s.Addr, "data:1:", "x", 3000)
	o := release.PurgeOrder{CacheOrder: shop(release.Redis{Address: s.Addr}), Prefix: "data:1:"}
	stop := errors.New("killed")
	var at release.CacheProgress
	o.Progressed = func(p release.CacheProgress) error {
		if at = p; p.Removed > 1000 {
			return stop
		}
		return nil
	}
	if _, err := new(Store).Purge(t.Context(), o); !errors.Is(err, stop) {
		t.Fatalf("it ended with %v", err)
	}
	left := keys(t, c, "data:1:*")
	if left == 0 || at.Cursor == 0 {
		t.Fatalf("%d keys are left at %+v", left, at)
	}
	// What an earlier part of the iteration has passed may be there again.
	fill(t, s.Addr, "data:1:", "x", 3000)
	o.From, o.Progressed = at, nil
	if _, err := new(Store).Purge(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if n := keys(t, c, "data:1:*"); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

func TestAPurgeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := testredis.Start(t)
	c := fill(t, s.Addr, "data:1:", "x", 3000)
	o := release.PurgeOrder{CacheOrder: shop(release.Redis{Address: s.Addr}), Prefix: "data:1:"}
	o.Cache.PurgeRate = 1
	ctx, cancel := context.WithCancel(t.Context())
	o.Progressed = func(release.CacheProgress) error { cancel(); return nil }
	if _, err := new(Store).Purge(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if keys(t, c, "data:1:*") == 0 {
		t.Error("it went on all the same")
	}
}

func TestTwoFormatsUnderOneKindOfKeyAreFoundAndNoValueIsShown(t *testing.T) {
	t.Parallel()
	s := testredis.Start(t)
	o := shop(release.Redis{Address: s.Addr})
	fill(t, s.Addr, "sessions:1:user:", `{"geheim": 1}`, 300)
	fill(t, s.Addr, "sessions:1:chart:", "\x80\x04\x95geheim", 20)
	store := &Store{}
	before, err := store.Sample(t.Context(), o)
	if err != nil || before.Keys != 320 {
		t.Fatalf("%+v, %v", before, err)
	}
	fill(t, s.Addr, "sessions:1:user:9", `{"geheim": 2}`, 10)
	fill(t, s.Addr, "sessions:1:new:", "anything", 10)
	r, err := store.Compare(t.Context(), o, before.Profile)
	if err != nil || !r.Passed {
		t.Fatalf("the same forms: %+v, %v", r, err)
	}
	c := fill(t, s.Addr, "sessions:1:chart:99", "\x80\x05\x95geheim", 1)
	c.HSet(t.Context(), "sessions:1:user:4711", "a", "geheim")
	r, err = store.Compare(t.Context(), o, before.Profile)
	if err != nil || r.Passed {
		t.Fatalf("two forms: %+v, %v", r, err)
	}
	for _, want := range []string{"sessions:1:chart:{n} was pickle protocol 4 and is pickle protocol 5", "sessions:1:user:{n} was JSON and is hash, as in sessions:1:user:4711"} {
		if !strings.Contains(r.Evidence, want) {
			t.Errorf("%q does not say %q", r.Evidence, want)
		}
	}
	if strings.Contains(r.Evidence+string(before.Profile), "geheim") {
		t.Error("a value is shown")
	}
}

func TestTheSizeOfGenerationsIsCountedOrEstimated(t *testing.T) {
	t.Parallel()
	s := testredis.Start(t)
	fill(t, s.Addr, "data:1:", strings.Repeat("x", 1000), 400)
	o := shop(release.Redis{Address: s.Addr})
	w, err := new(Store).Observe(t.Context(), o)
	if err != nil || !w.Known || w.Keys != 400 {
		t.Fatalf("%+v, %v", w, err)
	}
	i := slices.IndexFunc(w.Generations, func(g release.GenerationSize) bool { return g.Prefix == "data:1:" })
	if g := w.Generations[i]; g.Keys != 400 || !g.Exact || g.Bytes < 400_000 {
		t.Errorf("%+v", g)
	}
	fill(t, s.Addr, "data:2:", "x", 8000)
	g, err := new(Store).Count(t.Context(), o, "data:2:")
	if err != nil || g.Exact || g.Keys < 7000 || g.Keys > 8400 {
		t.Errorf("an estimate of 8000 is %+v, %v", g, err)
	}
}

func TestAServerThatCannotBeUsedIsRefusedWithTheCure(t *testing.T) {
	s, locked := testredis.Start(t), testredis.Start(t, "--requirepass", "geheim")
	host, port, _ := strings.Cut(s.Addr, ":")
	replica := testredis.Start(t, "--replicaof", host+" "+port)
	t.Setenv("RIGHT", "geheim")
	t.Setenv("WRONG", "ungeheuer")
	for _, c := range []struct {
		at   release.Redis
		want string
	}{
		{release.Redis{Address: locked.Addr, Password: "env:WRONG"}, "correct what spec.cache.redis.password refers to"},
		{release.Redis{Address: locked.Addr}, "write spec.cache.redis.password"},
		{release.Redis{Address: locked.Addr, Password: "env:RIGHT"}, ""},
		{release.Redis{Address: locked.Addr, Password: "env:NOT_SET_ANYWHERE"}, "is not set"},
		{release.Redis{Address: testkit.FreeAddr(t)}, "see that it runs"},
		{release.Redis{Address: replica.Addr}, "not the master"},
		{release.Redis{Address: s.Addr, Database: 99}, "spec.cache.redis.db"},
		{release.Redis{Sentinel: &release.Sentinel{Master: "shop", Addresses: []string{testkit.FreeAddr(t)}}}, "see that a sentinel runs"},
	} {
		_, err := Look(t.Context(), c.at)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.at, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "ungeheuer")) {
			t.Errorf("the password is shown: %v", err)
		}
	}
}

func TestSentinelsLeadToTheMasterAndAfterAFailoverToTheNextOne(t *testing.T) {
	t.Parallel()
	master := testredis.Start(t)
	host, port, _ := strings.Cut(master.Addr, ":")
	replica := testredis.Start(t, "--replicaof", host+" "+port)
	fill(t, master.Addr, "data:1:", "x", 1000)
	sentinel := testredis.StartSentinel(t, "shop", master)
	o := shop(release.Redis{Sentinel: &release.Sentinel{Master: "shop", Addresses: []string{sentinel.Addr}}})
	testkit.Await(t, "the sentinel and the replica to know everything", func() bool {
		w, err := Look(t.Context(), o.Cache.Redis)
		return err == nil && w.Keys == 1000 && replica.Do("DBSIZE") == "1000" &&
			strings.Contains(sentinel.Do("INFO", "sentinel"), "slaves=1")
	})
	master.Kill()
	testkit.Await(t, "the replica to take over", func() bool {
		_, err := Look(t.Context(), o.Cache.Redis)
		return err == nil
	})
	// The cursor of the lost server means nothing to this one.
	order := release.PurgeOrder{CacheOrder: o, Prefix: "data:1:", From: release.CacheProgress{Prefix: "data:1:", Cursor: 3, Removed: 1}}
	if _, err := new(Store).Purge(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	if n := replica.Do("DBSIZE"); n != "0" {
		t.Errorf("%s keys are left", n)
	}
}

func TestAServerBehindTLSIsTrustedByItsAuthorityAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	own, other := authority.New(t, "own"), authority.New(t, "other")
	certificate, key := own.Issue(t, nil, "redis.test").Write(t, dir, "redis")
	trust, wrong := own.Write(t, filepath.Join(dir, "own.pem")), other.Write(t, filepath.Join(dir, "other.pem"))
	s := testredis.StartTLS(t, trust, certificate, key)
	for _, c := range []struct {
		tls  *release.RedisTLS
		want string
	}{
		{&release.RedisTLS{Authorities: trust, ServerName: "redis.test"}, ""},
		{&release.RedisTLS{Authorities: wrong, ServerName: "redis.test"}, "correct spec.cache.redis.tls"},
		{&release.RedisTLS{Authorities: filepath.Join(dir, "none.pem")}, "see that the file exists"},
		{nil, "write spec.cache.redis.tls"},
	} {
		_, err := Look(t.Context(), release.Redis{Address: s.Addr, TLS: c.tls})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want %q", c.tls, err, c.want)
		}
	}
}
