package soaktest

import (
	"os"
	"path/filepath"
	"strings"
)

func testBinary() string { return os.Args[0] }

func writeFile(dir, name, text string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)
}

// tail returns the end of a log of the stage.
func tail(s *stage, name string) string {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return err.Error()
	}
	return strings.ToValidUTF8(string(b[max(len(b)-8000, 0):]), "")
}
