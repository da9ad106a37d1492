package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"cutover/internal/demo"
)

// It loads the machine, so it runs before the tests that run side by side.
func TestTheDemoLosesNothingAndItsTwoCountsAgree(t *testing.T) {
	// The demo's sockets lie below it, so its path must be short.
	tmp, err := os.MkdirTemp("", "d")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	cmd := exec.CommandContext(t.Context(), program(t, "cutover"), "demo", "-o", "json")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	cmd.WaitDelay = time.Second
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("the demo ended with %v: %s\n%s", err, said.String(), out.String())
	}
	var r demo.Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("read the demo's result: %v\n%s", err, out.String())
	}
	if !r.OK || r.Lost != 0 || len(r.Acts) != 3 {
		t.Errorf("the demo's result is %s", out.String())
	}
	for _, a := range r.Acts {
		if a.Accepted < 100 || a.Accepted != a.Answered+a.ClientGone+a.Lost || !a.Agree || a.CutStreams != 0 {
			t.Errorf("%s: %+v does not add up", a.Name, a)
		}
	}
	if bad := r.Acts[1]; bad.Errors == 0 || bad.Versions["v3"] == 0 {
		t.Errorf("the bad version did no harm: %+v", bad)
	}
	if away := r.Acts[0].ControllerAway; away < 1 {
		t.Errorf("the control plane was away for %.1f s, want at least one", away)
	}
	// How short it is depends on the machine; bench/switch measures it.
	if act := r.Acts[2]; act.BackAfter == nil || *act.BackAfter > 1000*act.Seconds {
		t.Errorf("it is not said when the last request reached the version taken back: %s", out.String())
	}
	if left, err := filepath.Glob(filepath.Join(tmp, "cutover-demo-*")); err != nil || len(left) > 0 {
		t.Errorf("the demo left %v (%v)", left, err)
	}
}
