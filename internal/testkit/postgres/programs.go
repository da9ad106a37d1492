package postgres

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// program returns the path of one of PostgreSQL's programs: from the newest
// version installed the way Debian does it, else from the PATH.
func program(name string) (string, error) {
	// Version numbers have two digits, so the last of the sorted is the newest.
	found, err := filepath.Glob(filepath.Join("/usr/lib/postgresql/*/bin", name))
	if err != nil {
		return "", fmt.Errorf("looking for %s: %w", name, err)
	}
	for i := len(found) - 1; i >= 0; i-- {
		if info, err := os.Stat(found[i]); err == nil && info.Mode()&0o111 != 0 {
			return found[i], nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("the program %s is missing; install the package postgresql (Debian): %w", name, err)
	}
	return filepath.EvalSymlinks(path)
}
