package cli

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// umaskVariable hands the umask that cutover was started with on to the
// processes it starts, down to the instances.
const umaskVariable = "CUTOVER_UMASK"

// beginPrivate has this process make files for its owner only. What becomes an
// instance is left alone: how an app makes its files is the app's affair.
func beginPrivate(args []string) {
	if len(args) > 0 && args[0] == shimName {
		return
	}
	before := syscall.Umask(0o077)
	if os.Getenv(umaskVariable) == "" {
		// It fails for names only that are no names.
		_ = os.Setenv(umaskVariable, fmt.Sprintf("%04o", before))
	}
}

// instanceUmask is the umask that cutover was started with, nil if unknown.
func instanceUmask() *int {
	n, err := strconv.ParseInt(os.Getenv(umaskVariable), 8, 32)
	if err != nil || n < 0 || n > 0o777 {
		return nil
	}
	umask := int(n)
	return &umask
}
