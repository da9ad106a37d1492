package environ_test

import (
	"maps"
	"strings"
	"testing"

	"cutover/internal/environ"
)

func TestAnEnvFileIsReadAsShellsAndContainersWriteIt(t *testing.T) {
	t.Parallel()
	set := map[string]string{"A": "old"}
	if err := environ.AddFile(set, ".env", "\ufeff# comment\n\nA=1\n export B = two words \nC=\"quo\"ted\"\nD='x'\nE=\nF=a=b#c\r\nG=\"\nH='\"\n"); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"A": "1", "B": "two words", "C": `quo"ted`, "D": "x", "E": "", "F": "a=b#c", "G": `"`, "H": `'"`}
	if !maps.Equal(set, want) {
		t.Errorf("read %q, want %q", set, want)
	}
}

func TestAMistakeInAnEnvFileIsNamedByItsLineAndNotShown(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"s3cr3t", "=s3cr3t", "two words=s3cr3t"} {
		err := environ.AddFile(map[string]string{}, ".env", "A=1\n"+line+"\n")
		if err == nil || !strings.Contains(err.Error(), ".env: line 2") || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%q: %v", line, err)
		}
	}
}
