package crashtest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutover/internal/cli"
)

// TestMain makes the test binary every program of the test: the controller,
// the data plane and the instances by the command line of cutover itself, and
// a controller that is doomed.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-") {
		os.Exit(m.Run())
	}
	go endWithTest()
	if os.Args[1] == doomedCommand {
		os.Exit(serveDoomed(os.Args[2:]))
	}
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// markVariable marks every process of one stage: "PID/NAME", the test's
// process and the stage.
const markVariable = "CRASHTEST_OF"

// endWithTest ends this process when the test that it is part of was ended in
// a way that left it no time to tidy up.
func endWithTest() {
	mark, _, _ := strings.Cut(os.Getenv(markVariable), "/")
	test, err := strconv.Atoi(mark)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s does not name the test: %v\n", markVariable, err)
		os.Exit(2)
	}
	for range time.Tick(time.Second) {
		if syscall.Kill(test, 0) == syscall.ESRCH {
			os.Exit(3)
		}
	}
}
