package cli_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	testredis "cutover/internal/testkit/redis"
)

// keysLeft counts the keys that a server has beside some others, -1 while it
// reads its data.
func keysLeft(t *testing.T, s *testredis.Server, others int) int {
	t.Helper()
	n, err := strconv.Atoi(s.Do("DBSIZE"))
	if err != nil {
		return -1
	}
	return n - others
}

func TestAReleaseGoesOnWhenRedisAndItsControllerWereKilledInTheMiddleOfAPurge(t *testing.T) {
	t.Parallel()
	s := testredis.Start(t, "--appendonly", "yes", "--appendfsync", "no")
	h := newHouse(t)
	h.more = append(h.more, "REDIS="+s.Addr, "CACHER="+program(t, "cacher"))
	slowly := strings.Replace(cachingApp, "  cache:\n", "  cache:\n    purgeRate: 100\n", 1)
	h.write("app.yaml", fmt.Sprintf(slowly, "1"))
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	const old = 600
	if got := s.Do("EVAL", "for i = 1, "+strconv.Itoa(old)+" do redis.call('SET', 'shop:1:' .. i, '{}') end return 1", "0"); got != "1" {
		t.Fatalf("fill the cache: %s", got)
	}
	h.write("app.yaml", fmt.Sprintf(slowly, "2"))
	h.write("v2.yaml", strings.NewReplacer("atLeastRequests: 10,", "atLeastRequests: 0,", "minRequests: 10", "minRequests: 0").Replace(allAtOnce))
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "a page of the new generation", func() bool { return h.page("/c") == "shop:2: hit" })
	const others = 1

	h.must(0, "retire", "shop", "--detach")
	await(t, "the purge to be under way", func() bool { n := keysLeft(t, s, others); return n < old && n >= 0 })
	s.Kill()
	for _, p := range h.processes() {
		if p.is("serve") {
			kill(t, p.pid)
		}
	}
	s.Run()
	await(t, "Redis to have read its data", func() bool { return keysLeft(t, s, others) >= 0 })
	t.Logf("%d of %d keys were left", keysLeft(t, s, others), old)
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml") // by another controller
	await(t, "the old generation to go", func() bool { return keysLeft(t, s, others) == 0 })
	if got := s.Do("EXISTS", "shop:2:c"); got != "1" {
		t.Errorf("the generation in use has lost a key: %s", got)
	}
	await(t, "the end of the release", func() bool { return h.view("shop-v2").State.Phase.Ended() })
	if out := h.must(0, "status", "shop"); !strings.Contains(out, "v2") {
		t.Errorf("status says %s", out)
	}
	h.must(0, "audit", "verify")
}
