package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/api"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

// bringWatched begins the release to v2 with signals. The queue of v2 is as
// long as the file at the path that is returned says, 3 without it.
func (h *house) bringWatched(strategy, signals string) string {
	h.t.Helper()
	path := filepath.Join(h.home, "queue")
	h.write("v2.yaml", fmt.Sprintf(shakyRelease, fmt.Sprintf(", --queue, %q", path), strategy)+"  signals:\n    every: 200ms\n    watch:\n"+signals)
	h.must(0, "deploy", "--detach", "-f", "app.yaml", "-f", "v2.yaml")
	return path
}

// says waits until the release's one signal has a finding.
func (h *house) says(verdict string) release.SignalFinding {
	h.t.Helper()
	var one release.SignalFinding
	h.untilView("its signal is "+verdict, func(v api.View) bool {
		list := v.World.Verdict.Signals
		if len(list) == 1 {
			one = list[0]
		}
		return one.Verdict == verdict
	})
	return one
}

func TestAQueueBeyondItsLimitTakesTheReleaseBack(t *testing.T) {
	t.Parallel()
	h, _ := shaky(t, 0)
	queue := h.bringWatched(watchful, "      - {name: queue, http: {url: /stats, query: $.queue}, limit: 100}\n")
	h.standsAt(500)
	fine := h.says("fine")
	if fine.New == nil || *fine.New != 3 || fine.Old == nil || *fine.Old != 3 {
		t.Errorf("the numbers are %+v", fine)
	}
	for _, command := range []string{"status", "explain"} {
		if _, out := h.run(command, "shop"); !strings.Contains(out, "queue") || !strings.Contains(out, "green 3") || !strings.Contains(out, "at most 100 is permitted") {
			t.Errorf("%s says:\n%s", command, out)
		}
	}
	var seen release.Explanation
	_, out := h.run("explain", "shop", "-o", "json")
	if err := json.Unmarshal([]byte(out), &seen); err != nil || len(seen.Verdict.Signals) != 1 || *seen.Verdict.Signals[0].New != 3 {
		t.Errorf("explain -o json: %v\n%s", err, out)
	}
	if err := os.WriteFile(queue, []byte("240"), 0o600); err != nil {
		t.Fatal(err)
	}
	v := h.untilView("rolled back", rolledBack)
	if !strings.Contains(v.State.Reason, "queue: green 240, blue 3; at most 100 is permitted") {
		t.Errorf("it was taken back because %q", v.State.Reason)
	}
	if out := h.must(0, "history", "shop-v2"); !strings.Contains(out, "queue: green 240") {
		t.Errorf("its history does not say so:\n%s", out)
	}
}

func TestAPrometheusThatDoesNotAnswerMakesAReleaseWaitAndSaySo(t *testing.T) {
	t.Parallel()
	h, _ := shaky(t, 0)
	h.bringWatched(`{pace: fixed, steps: [50, 100], hold: {atLeast: 100ms, atMost: 3s}}`,
		fmt.Sprintf("      - {name: queue, prometheus: {url: \"http://%s\", query: 'q{version=\"{{version}}\"}'}, limit: 100}\n", testkit.FreeAddr(t)))
	h.standsAt(5000)
	h.says("waiting")
	v := h.untilView("paused", func(v api.View) bool { return v.State.Halt != nil || rolledBack(v) })
	if v.State.Step != 0 || v.State.Phase != release.Shifting || !strings.Contains(v.State.Halt.Reason, "it cannot go on after 3s: queue: ") {
		t.Fatalf("it is %s: %+v", v.State.Word(), v.State.Halt)
	}
	if out := h.must(3, "explain", "shop"); !strings.Contains(out, "queue") || !strings.Contains(out, "waiting") || !strings.Contains(out, "cutover next") {
		t.Errorf("explain says:\n%s", out)
	}
	h.must(0, "next", "shop")
	h.untilView("past its first step", func(v api.View) bool { return v.State.Step == 1 })
}

func TestTheMemoryAndTheLogOfInstancesAreFound(t *testing.T) {
	t.Parallel()
	h, _ := shaky(t, 0)
	h.bringWatched(watchful, "      - {name: memory, process: memory, limit: 8GiB}\n")
	h.standsAt(500)
	if one := h.says("fine"); one.New == nil || *one.New < 1<<20 || one.Old == nil || *one.Old < 1<<20 {
		t.Errorf("the memory of both is %+v", one)
	}
	for _, i := range h.view("shop-v2").World.Sides.Green.List {
		if _, err := os.Stat(i.Log); err != nil || i.Pid == 0 {
			t.Errorf("its process is %d, its log %s: %v", i.Pid, i.Log, err)
		}
	}
	h.must(0, "abort", "shop")
}
