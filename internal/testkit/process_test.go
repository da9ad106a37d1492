package testkit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"cutover/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]testkit.Role{
		"waits": func(ctx context.Context) error {
			fmt.Println("greeting: " + os.Getenv("GREETING"))
			<-ctx.Done()
			return nil
		},
		"fails": func(context.Context) error { return errors.New("this role always fails") },
	})
}

func TestARoleGetsItsEnvironmentAndEndsOnTerm(t *testing.T) {
	t.Parallel()
	p := testkit.Start(t, "waits", "GREETING=good morning")
	if got := p.Line("greeting: "); got != "good morning" {
		t.Fatalf("the role greeted with %q", got)
	}
	p.Term()
	if code := p.ExitCode(); code != 0 {
		t.Fatalf("exit code %d after SIGTERM, output:\n%s", code, p.Output())
	}
}

func TestTheErrorOfARoleBecomesItsExitCodeAndOutput(t *testing.T) {
	t.Parallel()
	p := testkit.Start(t, "fails")
	if code := p.ExitCode(); code != 1 {
		t.Fatalf("exit code %d, want 1", code)
	}
	if got := p.Line("this role "); got != "always fails" {
		t.Fatalf("the error was not shown: %q", p.Output())
	}
}

func TestAKilledProcessIsGoneWhenKillReturns(t *testing.T) {
	t.Parallel()
	p := testkit.Start(t, "waits")
	p.Line("greeting: ")
	p.Kill()
	if code := p.ExitCode(); code != -1 {
		t.Fatalf("exit code %d, want -1 for a signal", code)
	}
}
