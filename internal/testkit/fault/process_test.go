package fault_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"cutover/internal/testkit"
	"cutover/internal/testkit/fault"
)

func TestAKilledProcessIsGoneWithoutAWord(t *testing.T) {
	t.Parallel()
	p := testkit.Start(t, "counter")
	p.Line("at ")
	inject(t, fault.Kill{Victim: "a counter", Pid: of(p)})
	if code := p.ExitCode(); code != -1 {
		t.Errorf("exit code %d, want that of a signal", code)
	}
}

func TestAFrozenProcessStandsStillAndGoesOn(t *testing.T) {
	t.Parallel()
	p := testkit.Start(t, "counter")
	p.Line("at ")
	heal := inject(t, fault.Freeze{Victim: "a counter", Pid: of(p)})
	testkit.Await(t, "the kernel to have stopped it", func() bool { return stopped(t, p.Pid()) })
	heal()
	at := len(p.Output())
	testkit.Await(t, "it to go on", func() bool { return len(p.Output()) > at+100 })
}

func stopped(t *testing.T, pid int) bool {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	return strings.HasPrefix(string(b[strings.LastIndexByte(string(b), ')')+1:]), " T")
}

func TestAFrozenProcessThatIsKilledNeedsNoMending(t *testing.T) {
	t.Parallel()
	p := testkit.Start(t, "counter")
	heal := inject(t, fault.Freeze{Victim: "a counter", Pid: of(p)})
	p.Kill()
	heal()
}

func TestWhomNobodyFindsNothingStrikes(t *testing.T) {
	t.Parallel()
	for _, find := range []fault.Find{
		func(context.Context) (int, error) { return 0, errors.New("there is none") },
		func(context.Context) (int, error) { return 1, nil },
		func(context.Context) (int, error) { return 0, nil },
	} {
		for _, f := range []fault.Fault{fault.Kill{Pid: find}, fault.Freeze{Pid: find}, fault.GrowthStop{Pid: find}} {
			if _, err := f.Inject(t.Context()); err == nil {
				t.Errorf("%s struck nobody", f.Name())
			}
		}
	}
}
