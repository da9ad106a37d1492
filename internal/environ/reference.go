package environ

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The two kinds of references to a value that must never be stored.
const (
	envPrefix  = "env:"
	filePrefix = "file:"
)

// maxSecret is the longest file a reference may name, in bytes.
const maxSecret = 64 << 10

// IsReference reports whether value is "env:..." or "file:...".
func IsReference(value string) bool {
	return strings.HasPrefix(value, envPrefix) || strings.HasPrefix(value, filePrefix)
}

// CheckReference returns an error that says what is wrong with the form of
// ref. It does not look whether the value exists.
func CheckReference(ref string) error {
	name, env := strings.CutPrefix(ref, envPrefix)
	path, file := strings.CutPrefix(ref, filePrefix)
	switch {
	case env && (name == "" || strings.ContainsAny(name, "= \x00")):
		return fmt.Errorf("reference %q names no variable: write env:NAME", ref)
	case file && !filepath.IsAbs(path):
		return fmt.Errorf("reference %q needs an absolute path: write file:/path", ref)
	case !env && !file:
		return fmt.Errorf("reference %q has no kind: write env:NAME or file:/path", ref)
	}
	return nil
}

// Resolve returns the value ref names: a variable of cutover's own
// environment, or the content of a file of at most 64 KiB without the line
// end after it. The error never contains the value.
func Resolve(ref string) (string, error) {
	if err := CheckReference(ref); err != nil {
		return "", err
	}
	if name, ok := strings.CutPrefix(ref, envPrefix); ok {
		value, set := os.LookupEnv(name)
		if !set {
			return "", fmt.Errorf("variable %s (%s) is not set: set it in the environment cutover runs in", name, ref)
		}
		return value, nil
	}
	return readSecret(strings.TrimPrefix(ref, filePrefix))
}

// Value returns what text stands for: what it names if it is a reference, else
// text itself. The error never contains the value.
func Value(text string) (string, error) {
	if !IsReference(text) {
		return text, nil
	}
	return Resolve(text)
}

func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read the secret: %w: create the file and let cutover's user read it", err)
	}
	// Opening a pipe or a device could block for ever.
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("read the secret: %s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the secret: %w: let cutover's user read the file", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("read the secret: %w", err)
	}
	if len(data) > maxSecret {
		return "", fmt.Errorf("read the secret: %s is longer than 64 KiB: name a file that has only the value", path)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"), nil
}
