package testkit

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"testing"
)

// roleVariable names the role a test binary was started again for.
const roleVariable = "CUTOVER_TESTKIT_ROLE"

// Role is a program a test binary can be started as. Its context ends on
// SIGTERM and SIGINT. What it returns becomes the exit code: 0 for nil, 1
// for an error, which is written to standard error.
type Role func(ctx context.Context) error

// Main is to be called by TestMain: it runs the tests, or, in a process made
// by Start, the role asked for. After the tests, ends are called in order. It
// never returns.
func Main(m *testing.M, roles map[string]Role, ends ...func()) {
	name, asked := os.LookupEnv(roleVariable)
	if !asked {
		code := m.Run()
		for _, end := range ends {
			end()
		}
		os.Exit(code)
	}
	role, known := roles[name]
	if !known {
		fmt.Fprintf(os.Stderr, "no role %q in this test binary\n", name)
		os.Exit(2)
	}
	go endWithParent()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := role(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// endWithParent exits when the test binary is gone, however it ended: it
// holds the other end of standard input.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(3)
}

// environ is the environment of a process in the given role: the parent's,
// with extra added to it.
func environ(role string, extra []string) []string {
	return append(slices.Clone(os.Environ()), append([]string{roleVariable + "=" + role}, extra...)...)
}
