package flag_test

import (
	"path/filepath"
	"strings"
	"testing"

	"cutover/internal/flag"
	"cutover/internal/flag/fence"
	"cutover/internal/flag/file"
	"cutover/internal/flag/hook"
	"cutover/internal/release"
)

func set(t *testing.T) flag.Set {
	fences := fence.Book{Folder: t.TempDir()}
	return flag.Set{File: file.Files{Fences: fences}, Hook: hook.Hooks{Fences: fences}}
}

func TestEachFlagIsToldInItsOwnWay(t *testing.T) {
	t.Parallel()
	s, path := set(t), filepath.Join(t.TempDir(), "flags.json")
	stamp := release.Stamp{App: "shop", Key: "r1/1", Fence: 1}
	f := release.Flag{Name: "search", File: &release.FlagFile{Path: path, Format: release.FlagsPlain}}
	o := release.FlagOrder{Stamp: stamp, Flag: f, All: []release.FlagValue{{Name: "search"}}}
	if err := s.Tell(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if w, err := s.Observe(t.Context(), o); err != nil || !w.Known || !w.Told {
		t.Errorf("it sees %+v, %v", w, err)
	}
	o.Flag = release.Flag{Name: "maps", Environment: &release.FlagVariable{Variable: "MAPS"}}
	if err := s.Tell(t.Context(), o); err != nil {
		t.Errorf("a variable needs nothing: %v", err)
	}
	o.Flag = release.Flag{Name: "export", Command: &release.FlagCommand{Args: []string{"false"}, Dir: "/"}}
	if err := s.Tell(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "tell shop that flag export is off: false ended with exit status 1") {
		t.Errorf("a program that fails: %v", err)
	}
	o.Flag = release.Flag{Name: "later"}
	if err := s.Tell(t.Context(), o); err == nil || !strings.Contains(err.Error(), "knows no way") {
		t.Errorf("a way of a later version: %v", err)
	}
}

func TestAPlanIsReadyOnlyIfAllItsFlagsAre(t *testing.T) {
	t.Parallel()
	p := release.Plan{Flags: []release.Flag{
		{Name: "maps", Environment: &release.FlagVariable{Variable: "MAPS"}},
		{Name: "search", File: &release.FlagFile{Path: "/nowhere/at/all/flags.json", Format: release.FlagsPlain}},
	}}
	if err := set(t).Ready(p); err == nil || !strings.HasPrefix(err.Error(), "flag search: there is no folder") {
		t.Errorf("%v", err)
	}
	p.Flags = p.Flags[:1]
	if err := set(t).Ready(p); err != nil {
		t.Error(err)
	}
}
