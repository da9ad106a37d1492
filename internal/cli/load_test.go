package cli_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestOnATerminalALoadSaysEverySecondHowItGoesAndCanBeInterrupted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "7") {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer target.Close()
	cmd := h.command("load", target.URL+"/{{iterationNumber}}", "--rate", "50/s", "--for", "10m")
	screen := h.start(cmd)
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line := regexp.MustCompile(`(?m)^ +\d+s +\d+ +\+\d+ +\x1b\[31m\d+\x1b\[0m +0 +\d\S*s +\d\S*s +\d+\r$`)
	await(t, "two lines of progress", func() bool { return len(line.FindAllString(screen.String(), -1)) >= 2 })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	<-screen.done
	said := screen.String()
	if code := cmd.ProcessState.ExitCode(); code != 3 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"IN FLIGHT", "50 iterations a second, at most 10m0s", "it was called off before its end", "x\x1b[0m GET /{{iterationNumber}}: status: status 500", "\x1b[31mfailed"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not on the terminal:\n%s", want, said)
		}
	}
}
