package static_test

import (
	"crypto/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/platform/platformtest"
	"cutover/internal/platform/static"
	"cutover/internal/release"
	"cutover/internal/testkit"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == platformtest.ProgramName {
		os.Exit(platformtest.Program(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func TestAddressesAreAPlatformThatNeverStartsAnything(t *testing.T) {
	t.Parallel()
	const never = "it starts nothing, so it hands nothing to what runs"
	platformtest.Run(t, func(t *testing.T) platformtest.Setup {
		h := &house{t: t, dir: t.TempDir(), by: map[string][]string{}}
		return platformtest.Setup{
			App:      "shop",
			Open:     func() platformtest.Platform { return h.open() },
			Artefact: h.artefact,
			Cannot: map[string]string{
				"StartBringsASideToItsNumber":                      never,
				"AnInstanceKnowsWhoItIs":                           never,
				"BothSidesLiveTogether":                            never,
				"ComponentsShareASideAndNothingElse":               never,
				"WhatCannotRunIsRefusedBeforeAnythingIsStarted":    never,
				"AProgramThatEndsAtOnceIsSeenWithItsReason":        "how a program elsewhere ended is not known here",
				"AnInstanceThatEndedIsStartedAgainAndCounted":      "it starts nothing",
				"StopEndsExactlyTheInstancesNamed":                 "it ends nothing",
				"AnInstanceThatIgnoresItsSignalIsKilledAfterGrace": "it ends nothing",
			},
		}
	})
}

// house is where somebody else runs programs.
type house struct {
	t   *testing.T
	dir string
	// by has the addresses where programs with those arguments run.
	by map[string][]string
}

func (h *house) open() *static.Platform {
	h.t.Helper()
	p, err := static.New(filepath.Join(h.dir, "static"))
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// artefact is three programs that were started by hand.
func (h *house) artefact(args ...string) release.Artefact {
	h.t.Helper()
	key := strings.Join(args, " ")
	for range 3 - len(h.by[key]) {
		h.by[key] = append(h.by[key], h.program(args...))
	}
	return release.Artefact{Runtime: "static", Addresses: h.by[key]}
}

// program starts a program and returns its address.
func (h *house) program(args ...string) string {
	h.t.Helper()
	port := h.port()
	cmd := exec.Command(os.Args[0], append([]string{platformtest.ProgramName, "-mark", rand.Text()}, args...)...)
	cmd.Env = append(os.Environ(), "PORT="+port, "GORACE=atexit_sleep_ms=0", "GOCOVERDIR="+h.dir)
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return net.JoinHostPort("127.0.0.1", port)
}

// port is one that nobody listens on at any address of this machine.
func (h *house) port() string {
	h.t.Helper()
	for {
		_, port, err := net.SplitHostPort(testkit.FreeAddr(h.t))
		if err != nil {
			h.t.Fatal(err)
		}
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port)); err == nil {
			_ = l.Close()
			return port
		}
	}
}

func order(addrs ...string) release.StartOrder {
	return release.StartOrder{
		Stamp: release.Stamp{App: "shop", Key: "test/1", Fence: 1}, Side: release.Blue, Version: "v1", Digest: "d", Count: len(addrs),
		Artefact: release.Artefact{Addresses: addrs, Health: release.Health{Path: "/health", Every: time.Millisecond, Timeout: 10 * time.Second}},
	}
}

func TestStoppingLeavesWhatRunsAlone(t *testing.T) {
	t.Parallel()
	h := &house{t: t, dir: t.TempDir()}
	p, addr := h.open(), h.program()
	if err := p.Start(t.Context(), order(addr)); err != nil {
		t.Fatal(err)
	}
	var list []release.Instance
	testkit.Await(t, "readiness", func() bool {
		list = observe(t, p)
		return list[0].Serves()
	})
	if err := p.Stop(t.Context(), release.StopOrder{Stamp: order().Stamp, Instances: []string{list[0].ID}}); err != nil {
		t.Fatal(err)
	}
	if left := observe(t, h.open()); len(left) != 0 {
		t.Errorf("%+v are still wanted", left)
	}
	if pid := platformtest.WhoAmI(t, addr).Pid; pid == 0 {
		t.Error("it does not answer any more")
	}
}

func TestWhatNobodyHasStartedYetIsWaitedForInWords(t *testing.T) {
	t.Parallel()
	h := &house{t: t, dir: t.TempDir()}
	p, addr := h.open(), testkit.FreeAddr(t)
	if err := p.Start(t.Context(), order(addr)); err != nil {
		t.Fatalf("to wait is no error: %v", err)
	}
	if in := observe(t, p)[0]; in.Alive || in.Ready || !strings.Contains(in.Detail, "start v1 there yourself") {
		t.Errorf("%+v", in)
	}
}

func TestBadAddressesAreRefused(t *testing.T) {
	t.Parallel()
	h := &house{t: t, dir: t.TempDir()}
	p := h.open()
	for _, c := range []struct {
		order release.StartOrder
		want  string
	}{
		{order("10.0.0.1"), "not host:port"},
		{order("10.0.0.1:80", "10.0.0.1:80"), "named twice"},
		{func() release.StartOrder { o := order("10.0.0.1:80"); o.Count = 2; return o }(), "1 addresses, and 2"},
	} {
		if err := p.Startable(t.Context(), c.order); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %q", err, c.want)
		}
	}
	if err := p.Start(t.Context(), order("10.0.0.1:80")); err != nil {
		t.Fatal(err)
	}
	other := order("10.0.0.1:80")
	other.Side, other.Version, other.Digest = release.Green, "v2", "e"
	if err := p.Start(t.Context(), other); err == nil || !strings.Contains(err.Error(), "cannot have two versions") {
		t.Errorf("%v", err)
	}
}

func observe(t *testing.T, p *static.Platform) []release.Instance {
	t.Helper()
	list, err := p.Observe(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return list
}
