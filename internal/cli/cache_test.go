package cli_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	testredis "cutover/internal/testkit/redis"
)

// runCacher is an app that answers by what is in Redis under its prefix, and
// puts it there if it is not.
func runCacher([]string) int {
	prefix, addr := os.Getenv("CACHE_PREFIX"), os.Getenv("REDIS")
	http.HandleFunc("/health", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		key := prefix + strings.TrimPrefix(r.URL.Path, "/")
		c, err := net.Dial("tcp", addr)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "GET %s\r\n", key)
		found := "hit"
		if line, _ := bufio.NewReader(c).ReadString('\n'); strings.HasPrefix(line, "$-1") {
			found = "miss"
			fmt.Fprintf(c, "SET %s {}\r\n", key)
			_, _ = c.Read(make([]byte, 16))
		}
		fmt.Fprintf(w, "%s %s", prefix, found)
	})
	if err := http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return 1
}

const cachingApp = `
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web:
      command: ["${CACHER}"]
      health: {path: /health, every: 100ms}
  config: {env: {REDIS: "${REDIS}", VERSION: "{{version}}"}}
  cache:
    redis: {address: "${REDIS}"}
    namespaces:
      data: {prefix: "shop:{{generation}}:", env: CACHE_PREFIX, format: "%s"}
  traffic: {listen: "${LISTEN}"}
`

func (h *house) page(path string) string {
	resp, err := http.Get("http://" + h.listen + path)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	text := make([]byte, 200)
	n, _ := resp.Body.Read(text)
	return string(text[:n])
}

func TestAReleaseGetsAGenerationOfItsOwnAndLeavesOneBehind(t *testing.T) {
	t.Parallel()
	s := testredis.Start(t)
	h := newHouse(t)
	h.more = append(h.more, "REDIS="+s.Addr, "CACHER="+program(t, "cacher"))
	sees := func(path, want string) {
		t.Helper()
		await(t, path+" to be "+want, func() bool { return h.page(path) == want })
	}
	h.write("app.yaml", fmt.Sprintf(cachingApp, "1"))
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	sees("/a", "shop:1: hit")
	h.write("app.yaml", fmt.Sprintf(cachingApp, "2"))
	quick := strings.NewReplacer("atLeastRequests: 10,", "atLeastRequests: 0,", "minRequests: 10", "minRequests: 0").Replace(allAtOnce)
	h.write("v2.yaml", quick)
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml")
	sees("/b", "shop:2: hit")
	if got := s.Do("EXISTS", "shop:1:a"); got != "1" {
		t.Errorf("the old generation is gone while it may be needed: %s", got)
	}
	h.must(0, "rollback", "shop", "-m", "try it")
	if got := h.page("/a"); got != "shop:1: hit" {
		t.Errorf("after the rollback users find %q, want a warm cache", got)
	}
	if got := s.Do("EXISTS", "shop:2:b"); got != "0" {
		t.Errorf("the generation that was taken back is left: %s", got)
	}

	h.write("v3.yaml", strings.NewReplacer("shop-v2", "shop-v3", "to: v2", "to: v3").Replace(quick))
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v3.yaml")
	sees("/c", "shop:3: hit")
	h.must(0, "retire", "shop")
	await(t, "the old generation to go", func() bool { return s.Do("EXISTS", "shop:1:a") == "0" })
	if got := s.Do("EXISTS", "shop:3:c"); got != "1" {
		t.Errorf("the generation in use is gone: %s", got)
	}
}
