package environ_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cutover/internal/environ"
)

func TestAReferenceGivesTheValueItNames(t *testing.T) {
	t.Setenv("ENVIRON_TEST_SECRET", "from the environment")
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		"env:ENVIRON_TEST_SECRET": "from the environment",
		"file:" + file:            "from a file",
	} {
		if got, err := environ.Resolve(ref); err != nil || got != want {
			t.Errorf("Resolve(%s) = %q, %v; want %q", ref, got, err, want)
		}
	}
}

func TestAReferenceThatLeadsNowhereSaysWhatToDo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(folder, "long")
	if err := os.WriteFile(long, make([]byte, 64<<10+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		"env:ENVIRON_TEST_UNSET":    "set it in the environment",
		"env:":                      "write env:NAME",
		"file:relative":             "absolute path",
		"plain":                     "write env:NAME or file:/path",
		"file:" + folder + "/gone":  "create the file",
		"file:" + pipe:              "not a regular file",
		"file:" + long:              "longer than 64 KiB",
		"env:ENVIRON_TEST_UN SET":   "write env:NAME",
		"file:" + folder:            "not a regular file",
		"ENV:ENVIRON_TEST_UNSET":    "has no kind",
		"env:ENVIRON_TEST_UNSET=42": "write env:NAME",
	} {
		if _, err := environ.Resolve(ref); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Resolve(%s): %v; want it to say %q", ref, err, want)
		}
	}
}

func TestAValueIsItselfUnlessItIsAReference(t *testing.T) {
	t.Setenv("ENVIRON_TEST_SECRET", "from the environment")
	for text, want := range map[string]string{"env:ENVIRON_TEST_SECRET": "from the environment", "postgres://db/shop": "postgres://db/shop", "": ""} {
		if got, err := environ.Value(text); err != nil || got != want {
			t.Errorf("Value(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	if _, err := environ.Value("env:ENVIRON_TEST_NOT_SET"); err == nil {
		t.Error("a reference to nothing gave a value")
	}
}
