//go:build superset

package superset_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"cutover/internal/release"
)

// going runs cutover beside the test. What it said comes when it ends.
func (h *house) going(args ...string) <-chan string {
	said := make(chan string, 1)
	go func() {
		_, out := h.cutover(args...)
		said <- out
	}()
	return said
}

// kill is kill -9 of the controller. The next one comes with the next deploy.
func (h *house) kill(r *measured, in release.Phase) {
	h.t.Helper()
	pid := h.controller()
	if pid == 0 {
		h.t.Fatal("there is no controller to kill")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		h.t.Fatalf("kill the controller: %v", err)
	}
	await(h.t, "the end of the controller", func() bool { return h.controller() != pid })
	h.t.Logf("%s killed the controller in %s", time.Now().Format("15:04:05"), in)
	r.Killed = append(r.Killed, in)
}

// controller is the process of `cutover serve`, 0 if there is none.
func (h *house) controller() int {
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		line, _ := os.ReadFile(path)
		if strings.HasPrefix(string(line), h.program+"\x00serve\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			return pid
		}
	}
	return 0
}
