package process_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cutover/internal/platform/process"
	"cutover/internal/release"
	"cutover/internal/snapshot"
)

func TestAnErrandRunsAsTheVersionDoesButIsNoInstance(t *testing.T) {
	t.Setenv("SHOP_TEST_SECRET", "hunter2")
	dir := t.TempDir()
	tool := filepath.Join(dir, "bin", "migrate")
	if err := os.MkdirAll(filepath.Dir(tool), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tool, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	files, err := snapshot.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p, err := process.New(process.Options{StateDir: t.TempDir(), ShimArgs: []string{"shim"}, Snapshots: files})
	if err != nil {
		t.Fatal(err)
	}
	target := release.Target{Version: "v2", Side: release.Green, Digest: "d2", Artefact: release.Artefact{Dir: dir, Command: []string{"./serve"},
		Env: []release.EnvVar{{Name: "PASSWORD", Ref: "env:SHOP_TEST_SECRET"}, {Name: "PATH", Value: dir + "/bin"}}}}
	args, env, secrets, err := p.Errand("shop", target, []string{"migrate", "to", "{{version}}"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(args, []string{tool, "to", "v2"}) || !slices.Equal(secrets, []string{"hunter2"}) {
		t.Errorf("it would run %q and hide %q", args, secrets)
	}
	all := "\n" + strings.Join(env, "\n") + "\n"
	for _, want := range []string{"\nPASSWORD=hunter2\n", "\nCUTOVER_VERSION=v2\n"} {
		if !strings.Contains(all, want) {
			t.Errorf("the environment lacks %q", want)
		}
	}
	if strings.Contains(all, "\nPORT=") || strings.Contains(all, "\nCUTOVER_INSTANCE=") {
		t.Error("it looks like an instance")
	}
	if _, _, _, err := p.Errand("shop", target, []string{"no-such-tool"}); err == nil || !strings.Contains(err.Error(), "not found in PATH") {
		t.Errorf("a program that is missing: %v", err)
	}
}
