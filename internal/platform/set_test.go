package platform_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/platform"
	"cutover/internal/platform/platformtest"
	"cutover/internal/platform/process"
	"cutover/internal/release"
	"cutover/internal/snapshot"
	"cutover/internal/testkit"
)

const shimArg = "process-shim"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case shimArg:
			os.Exit(process.RunShim(os.Args[2:]))
		case platformtest.ProgramName:
			os.Exit(platformtest.Program(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

// house is a platform of processes in a folder of its own.
type house struct{ *process.Platform }

func (h house) Startable(_ context.Context, order release.StartOrder) error {
	return h.Platform.Startable(order)
}

func open(t *testing.T) house {
	t.Helper()
	files, err := snapshot.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p, err := process.New(process.Options{StateDir: filepath.Join(t.TempDir(), "state"), ShimArgs: []string{shimArg}, Snapshots: files})
	if err != nil {
		t.Fatal(err)
	}
	return house{p}
}

func order(t *testing.T, runtime string, side release.Side) release.StartOrder {
	return release.StartOrder{
		Stamp: release.Stamp{App: "shop", Key: "r/1", Fence: 1}, Side: side, Version: "1", Digest: "d", Count: 1,
		Artefact: release.Artefact{Runtime: runtime, Command: []string{os.Args[0], platformtest.ProgramName}, Dir: t.TempDir(),
			Health: release.Health{Path: "/health", Every: time.Millisecond, Timeout: 10 * time.Second},
			Stop:   release.Stop{Signal: "TERM", Grace: 20 * time.Second}},
	}
}

func TestAnAppMovesFromOnePlatformToAnother(t *testing.T) {
	t.Parallel()
	other := open(t)
	s := &platform.Set{Members: map[string]platform.Member{platform.Process: open(t), "other": other},
		Uses: func(string) []string { return []string{"", "other", ""} }}
	ctx := t.Context()
	t.Cleanup(func() { stopAll(t, s) })
	for _, o := range []release.StartOrder{order(t, "", release.Blue), order(t, "other", release.Green)} {
		if err := s.Startable(ctx, o); err != nil {
			t.Fatal(err)
		}
		if err := s.Start(ctx, o); err != nil {
			t.Fatal(err)
		}
	}
	var list []release.Instance
	testkit.Await(t, "both instances", func() bool {
		list = observe(t, s)
		return release.Instances{Known: true, List: list}.Ready() == 2
	})
	sides := map[release.Side]string{}
	for _, in := range list {
		sides[in.Side] = in.ID
	}
	if !strings.HasPrefix(sides[release.Green], "other/") || strings.Contains(sides[release.Blue], "/") {
		t.Errorf("%v", sides)
	}
	if err := s.Stop(ctx, release.StopOrder{Stamp: release.Stamp{App: "shop", Key: "r/2", Fence: 1}, Instances: []string{sides[release.Green]}}); err != nil {
		t.Fatal(err)
	}
	if left := observe(t, s); len(left) != 1 || left[0].ID != sides[release.Blue] {
		t.Errorf("%v is left", left)
	}
}

func TestAPlatformThatIsNotUsedIsNotAsked(t *testing.T) {
	t.Parallel()
	s := &platform.Set{Members: map[string]platform.Member{platform.Process: open(t)}, Uses: func(string) []string { return nil }}
	if list := observe(t, s); len(list) != 0 {
		t.Errorf("%v", list)
	}
	s.Uses = func(string) []string { return []string{"mainframe"} }
	if _, err := s.Observe(t.Context(), "shop"); err == nil || !strings.Contains(err.Error(), `cannot run "mainframe"`) {
		t.Errorf("%v: what cannot be asked is not known", err)
	}
	if err := s.Start(t.Context(), order(t, "mainframe", release.Blue)); err == nil {
		t.Error("an order for nobody was taken")
	}
}

func TestAPlanUsesTheRuntimesOfAllItsVersions(t *testing.T) {
	t.Parallel()
	on := func(runtime string) release.Target {
		return release.Target{Version: "1", Artefact: release.Artefact{Runtime: runtime}}
	}
	p := release.Plan{To: on("b"), Companions: []release.Companion{{From: on("c"), To: on("d")}}}
	if got := platform.Uses(p); !slices.Equal(got, []string{"b", "c", "d"}) {
		t.Errorf("%v", got)
	}
}

func observe(t *testing.T, s *platform.Set) []release.Instance {
	t.Helper()
	list, err := s.Observe(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func stopAll(t *testing.T, s *platform.Set) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	list, err := s.Observe(ctx, "shop")
	if err != nil {
		t.Error(err)
	}
	stop := release.StopOrder{Stamp: release.Stamp{App: "shop", Key: "r/3", Fence: 1}}
	for _, in := range list {
		stop.Instances = append(stop.Instances, in.ID)
	}
	if err := s.Stop(ctx, stop); err != nil {
		t.Error(err)
	}
}
