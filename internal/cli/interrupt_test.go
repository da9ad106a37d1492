package cli_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestInterruptingADeploymentOnlyDetaches(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.must(0, "deploy", "-f", "app.yaml", "-f", "v1.yaml")
			out, err := os.Create(h.home + "/out")
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			cmd := h.command("deploy", "-f", "app.yaml", "-f", "v2.yaml")
			cmd.Stdout, cmd.Stderr = out, out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			said := func() string { return tail(out.Name()) }
			await(t, "the first step", func() bool { return strings.Contains(said(), "shifting, step 1") })
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != 3 {
				t.Errorf("exit code %d, want 3", code)
			}
			if !strings.Contains(said(), "detached: shop-v2 goes on without this command; `cutover status shop-v2` shows it") {
				t.Errorf("it said:\n%s", said())
			}
			if n := len(h.instances()); n != 4 {
				t.Errorf("%d instances run, want all 4", n)
			}
			h.must(0, "promote", "shop")
			if out := h.must(0, "deploy", "-f", "app.yaml", "-f", "v2.yaml"); !strings.Contains(out, "standby") {
				t.Errorf("the release did not go on:\n%s", out)
			}
		})
	}
}
