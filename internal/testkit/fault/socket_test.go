package fault_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"cutover/internal/testkit"
	"cutover/internal/testkit/fault"
)

// service answers on a Unix socket and counts what reaches it.
type service struct {
	path  string
	calls atomic.Int64
}

func newService(t *testing.T) *service {
	t.Helper()
	// Not t.TempDir(): the paths of sockets must be short.
	dir, err := os.MkdirTemp("", "fault-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &service{path: filepath.Join(dir, "s")}
	s.listen(t)
	return s
}

// listen serves on the path, whatever lay there.
func (s *service) listen(t *testing.T) {
	t.Helper()
	_ = os.Remove(s.path)
	l, err := net.Listen("unix", s.path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, s.calls.Add(1))
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
}

// call asks once, on a connection of its own; a POST, so that nobody asks
// again by himself.
func (s *service) call(ctx context.Context) error {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", s.path)
	}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://service/", nil)
	if err != nil {
		return err
	}
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// answers demands that calls get through again, and that nothing is left.
func (s *service) answers(t *testing.T) {
	t.Helper()
	if err := s.call(t.Context()); err != nil {
		t.Errorf("after it was mended: %v", err)
	}
	if left, err := os.ReadDir(filepath.Dir(s.path)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestADeadSocketAnswersNobodyUntilItsOwnerMendsIt(t *testing.T) {
	t.Parallel()
	for _, replace := range []bool{false, true} {
		s := newService(t)
		heal := inject(t, fault.DeadSocket{Path: s.path, Replace: replace})
		if _, err := os.Lstat(s.path); (err == nil) != replace {
			t.Errorf("replaced %t: %v", replace, err)
		}
		if err := s.call(t.Context()); err == nil {
			t.Error("a dead socket answered")
		}
		heal()
		if err := s.call(t.Context()); err == nil {
			t.Error("it was put back")
		}
		s.listen(t)
		s.answers(t)
	}
}

func TestASocketThatWasMadeAnewMeanwhileIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, f := range []func(path string) fault.Fault{
		func(path string) fault.Fault { return fault.DeadSocket{Path: path} },
		func(path string) fault.Fault { return fault.DeadSocket{Path: path, Replace: true} },
		func(path string) fault.Fault { return fault.Relay{Path: path, Harm: fault.Drops, Share: 1} },
	} {
		s := newService(t)
		heal := inject(t, f(s.path))
		s.listen(t)
		heal()
		s.answers(t)
	}
}

func TestADroppedCallNeverArrives(t *testing.T) {
	t.Parallel()
	s := newService(t)
	heal := inject(t, fault.Relay{Path: s.path, Harm: fault.Drops, Share: 1})
	if err := s.call(t.Context()); err == nil || s.calls.Load() != 0 {
		t.Errorf("%v after %d calls", err, s.calls.Load())
	}
	heal()
	s.answers(t)
}

func TestAnAnswerIsCutWhereTheCallWasObeyed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	heal := inject(t, fault.Relay{Path: s.path, Harm: fault.Cuts, Share: 1})
	if err := s.call(t.Context()); err == nil || s.calls.Load() != 1 {
		t.Errorf("%v after %d calls", err, s.calls.Load())
	}
	heal()
	s.answers(t)
}

func TestADelayedCallArrivesLateAndOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const delay = 100 * time.Millisecond
	heal := inject(t, fault.Relay{Path: s.path, Harm: fault.Delays, Share: 1, Delay: delay})
	began := time.Now()
	if err := s.call(t.Context()); err != nil || s.calls.Load() != 1 || time.Since(began) < delay {
		t.Errorf("%v after %d calls and %s", err, s.calls.Load(), time.Since(began))
	}
	heal()
	s.answers(t)
}

func TestWhoHasGivenUpWaitingDoesNotHoldTheRelayUp(t *testing.T) {
	t.Parallel()
	s := newService(t)
	heal := inject(t, fault.Relay{Path: s.path, Harm: fault.Delays, Share: 1, Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.call(ctx); err == nil {
		t.Error("answered in spite of the delay")
	}
	heal()
	s.answers(t)
}

func TestAShareOfTheCallsIsHarmedAsTheSeedSays(t *testing.T) {
	t.Parallel()
	fates := func(seed uint64) (got string) {
		s := newService(t)
		heal := inject(t, fault.Relay{Path: s.path, Harm: fault.Drops, Share: 0.5, Seed: seed})
		defer heal()
		for range 24 {
			if s.call(t.Context()) == nil {
				got += "."
			} else {
				got += "x"
			}
		}
		return got
	}
	if a, b, c := fates(1), fates(1), fates(2); a != b || a == c {
		t.Errorf("seed 1: %s and %s, seed 2: %s", a, b, c)
	}
}

func TestWhereNoSocketIsNothingStrikes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{path, path + ".none"} {
		for _, f := range []fault.Fault{fault.DeadSocket{Path: at}, fault.Relay{Path: at, Harm: fault.Drops}} {
			if _, err := f.Inject(t.Context()); err == nil {
				t.Errorf("%s struck %s", f.Name(), at)
			}
		}
	}
	testkit.Await(t, "the file still to be there", func() bool { _, err := os.Stat(path); return err == nil })
}
