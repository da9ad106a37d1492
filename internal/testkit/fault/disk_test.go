package fault_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/testkit"
	"cutover/internal/testkit/fault"
)

func TestNoFileOfAProcessGrowsUntilItIsMended(t *testing.T) {
	t.Parallel()
	p := testkit.Start(t, "writer", "FILE="+filepath.Join(t.TempDir(), "log"))
	p.Line("wrote ")
	heal := inject(t, fault.GrowthStop{Victim: "a writer", Pid: of(p)})
	p.Line("failed ")
	heal()
	writesAgain(t, p)
}

// writesAgain waits until a write has gone well after all that went before.
func writesAgain(t *testing.T, p *testkit.Process) {
	t.Helper()
	at := len(p.Output())
	testkit.Await(t, "a write that goes well", func() bool { return strings.Contains(p.Output()[at:], "\nwrote ") })
}

// The right to mount is not everybody's. Without it there is no small disk to
// be filled, and the test proves that a large one is left alone.
func TestAFullDiskTakesNothingUntilItIsMended(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	remove, err := fault.SmallDisk(dir, 2<<20)
	if err != nil {
		t.Logf("no small disk here: %v", err)
		if _, err := (fault.FullDisk{Dir: "/"}).Inject(t.Context()); err == nil {
			t.Error("a large disk was filled")
		}
		return
	}
	t.Cleanup(func() {
		if err := remove(); err != nil {
			t.Error(err)
		}
	})
	heal := inject(t, fault.FullDisk{Dir: dir})
	p := testkit.Start(t, "writer", "FILE="+filepath.Join(dir, "log"))
	if got := p.Line("failed "); !strings.Contains(got, "no space left") {
		t.Errorf("the write failed with %q", got)
	}
	heal()
	writesAgain(t, p)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
