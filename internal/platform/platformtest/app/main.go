// Command app is platformtest's Program as a binary of its own, for platforms
// that do not run the test binary itself.
package main

import (
	"os"

	"cutover/internal/platform/platformtest"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == platformtest.ProgramName {
		args = args[1:]
	}
	os.Exit(platformtest.Program(args))
}
