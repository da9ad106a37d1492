package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cutover/internal/platform/platformtest"
	"cutover/internal/release"
	"cutover/internal/testkit/dockerd"
)

// docker is the daemon that the tests of this package share.
var docker dockerd.Server

const shopProgram = "cutover/internal/platform/platformtest/app"

// shipped is the shop in containers.
const shipped = `
apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  runtime: {type: docker, socket: "${DOCKER}"}
  components:
    web:
      image: "shop:{{version}}"
      command: [` + platformtest.ProgramName + `]
      port: 8080
      replicas: 2
      env: {LISTEN_HOST: 0.0.0.0}
      health: {path: /health, every: 100ms}
      stop: {grace: 30s}
  traffic: {listen: "${LISTEN}", streamGrace: 1s, streamSpread: 1s}
`

// shipping makes a house whose shop runs in containers.
func shipping(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	for _, version := range []string{"v1", "v2"} {
		docker.Image(t, "shop:"+version, shopProgram, version)
	}
	h.more = append(h.more, "DOCKER="+docker.Socket(t))
	h.write("app.yaml", shipped)
	return h
}

func TestContainersAreUpgradedAndTakenBackWhileTheControllerIsKilled(t *testing.T) {
	t.Parallel()
	upgradedAndTakenBack(t, shipping(t), func() []string { return docker.Containers(t) })
}

// upgradedAndTakenBack takes the house's shop from v1 to v2 and back under
// users, and kills the controller on the way. Running names what runs the shop:
// four for both versions, two for one.
func upgradedAndTakenBack(t *testing.T, h *house, running func() []string) {
	t.Helper()
	h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
	users := h.users()
	users.await("v1")
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	await(t, "a tenth of the traffic on v2", func() bool {
		v := h.view("shop-v2")
		return v.State.Phase == release.Shifting && v.State.Held && v.World.Traffic.Sides.Green.Weight == 1000
	})
	before := running()
	for _, p := range h.processes() {
		if p.is("serve") {
			kill(t, p.pid)
		}
	}
	users.await("v2")
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml") // by another controller
	h.must(0, "next", "shop")
	if after := running(); len(after) != 4 || !slices.Equal(after, before) {
		t.Errorf("%v became %v under another controller", before, after)
	}
	await(t, "half of the traffic on v2", func() bool { return h.view("shop-v2").World.Traffic.Sides.Green.Weight == 5000 })

	h.must(0, "abort", "shop", "-m", "the users do not like it")
	await(t, "the end of the release", func() bool { return h.view("shop-v2").State.Phase.Ended() })
	await(t, "v1 alone", func() bool { return len(running()) == 2 })
	users.await("v1")
	users.finish()
	h.must(0, "audit", "verify")
	h.must(0, "down", "--yes")
	if left := running(); len(left) > 0 {
		t.Errorf("after down there are %v", left)
	}
}

// users ask the shop all the time who answers.
type users struct {
	h    *house
	stop chan struct{}
	done sync.WaitGroup

	mu   sync.Mutex
	seen map[string]int
	lost []string
}

func (h *house) users() *users {
	u := &users{h: h, stop: make(chan struct{}), seen: map[string]int{}}
	for range 4 {
		u.done.Go(u.ask)
	}
	h.t.Cleanup(u.leave)
	return u
}

func (u *users) leave() {
	select {
	case <-u.stop:
	default:
		close(u.stop)
	}
	u.done.Wait()
}

func (u *users) ask() {
	client := &http.Client{Timeout: patience}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-u.stop:
			return
		case <-tick.C:
		}
		version, err := whoAnswers(client, "http://"+u.h.listen+"/whoami")
		u.mu.Lock()
		if err != nil {
			u.lost = append(u.lost, err.Error())
		}
		u.seen[version]++
		u.mu.Unlock()
	}
}

func whoAnswers(client *http.Client, url string) (string, error) {
	res, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("answered %s", res.Status)
	}
	var self platformtest.Self
	err = json.NewDecoder(res.Body).Decode(&self)
	return self.Get("CUTOVER_VERSION"), err
}

// await returns when a version has answered from now on.
func (u *users) await(version string) {
	u.h.t.Helper()
	count := func() int {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.seen[version]
	}
	before := count()
	await(u.h.t, "an answer of "+version, func() bool { return count() > before })
}

// finish sends the users home and demands that none was let down.
func (u *users) finish() {
	u.h.t.Helper()
	u.leave()
	u.h.t.Logf("users were answered by %v", u.seen)
	if len(u.lost) > 0 {
		u.h.t.Errorf("%d requests were lost: %s", len(u.lost), strings.Join(u.lost[:min(3, len(u.lost))], "; "))
	}
}

func TestContainersThatCannotRunAreRefusedBeforeTheRelease(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.more = append(h.more, "DOCKER="+docker.Socket(t))
	h.write("app.yaml", strings.Replace(shipped, "image: \"shop:", "image: \"127.0.0.1:9/nowhere:", 1))
	if out := h.must(2, "deploy", "-f", "app.yaml", "-f", "v1.yaml"); !strings.Contains(out, "127.0.0.1:9/nowhere:v1 is not there") || !strings.Contains(out, "app.yaml:9:14") {
		t.Errorf("without an image: %s", out)
	}
	h.write("app.yaml", strings.Replace(shipped, "${DOCKER}", "unix:///nowhere/docker.sock", 1))
	if out := h.must(2, "deploy", "-f", "app.yaml", "-f", "v1.yaml"); !strings.Contains(out, "no Docker daemon answers at unix:///nowhere/docker.sock: start it") {
		t.Errorf("without a daemon: %s", out)
	}
}
