package environ_test

import (
	"slices"
	"testing"

	"cutover/internal/environ"
)

func TestTheBaseHasTheWayAroundTheMachineAndNothingElse(t *testing.T) {
	t.Setenv("PATH", "/somewhere/bin")
	t.Setenv("TZ", "")
	t.Setenv("DATABASE_PASSWORD", "hunter2")
	got := environ.Base()
	if !slices.Contains(got, "PATH=/somewhere/bin") || !slices.Contains(got, "TZ=") {
		t.Errorf("base %q lacks what is set", got)
	}
	if slices.Contains(got, "DATABASE_PASSWORD=hunter2") {
		t.Errorf("base %q hands on a variable nobody asked for", got)
	}
}
