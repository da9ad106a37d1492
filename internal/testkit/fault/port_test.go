package fault_test

import (
	"testing"

	"cutover/internal/testkit"
	"cutover/internal/testkit/fault"
)

func TestWhoComesForAStolenPortFindsItTaken(t *testing.T) {
	t.Parallel()
	addr := testkit.FreeAddr(t)
	heal := inject(t, fault.StolenPort{Addr: addr})
	late := testkit.Start(t, "listener", "ADDR="+addr)
	if code := late.ExitCode(); code != 1 {
		t.Errorf("exit code %d: %s", code, late.Output())
	}
	if code, _ := ask(t.Context(), t, "http://"+addr); code != 0 {
		t.Errorf("the thief answered %d", code)
	}
	if _, err := (fault.StolenPort{Addr: addr}).Inject(t.Context()); err == nil {
		t.Error("a port was stolen twice")
	}
	heal()
	testkit.Start(t, "listener", "ADDR="+addr).Line("listens")
}
