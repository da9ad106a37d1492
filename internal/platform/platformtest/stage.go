package platformtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/testkit"
)

// stage is one test with its platform and the orders given so far.
type stage struct {
	*testing.T
	Setup
	platform Platform
	seq      int
	fence    uint64
}

func newStage(t *testing.T, s Setup) *stage {
	st := &stage{T: t, Setup: s, platform: s.Open(), fence: 7}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		st.clear(ctx)
	})
	return st
}

// clear stops everything, and makes sure that nothing is left to be observed.
func (s *stage) clear(ctx context.Context) {
	platform := s.Open()
	list, err := platform.Observe(ctx, s.App)
	if err != nil {
		s.Errorf("observe before clearing up: %v", err)
	}
	order := release.StopOrder{Stamp: s.stamp()}
	for _, in := range list {
		order.Instances = append(order.Instances, in.ID)
	}
	if err := platform.Stop(ctx, order); err != nil {
		s.Errorf("clear up: %v", err)
	}
	if list, err = platform.Observe(ctx, s.App); err != nil || len(list) > 0 {
		s.Errorf("after clearing up there are %v, %v", list, err)
	}
}

func (s *stage) stamp() release.Stamp {
	s.seq++
	return release.Stamp{App: s.App, Key: fmt.Sprintf("test/%d", s.seq), Fence: s.fence}
}

// order asks for count instances of version on side that run Program with args.
func (s *stage) order(side release.Side, version string, count int, args ...string) release.StartOrder {
	s.Helper()
	a := s.Artefact(args...)
	a.Health = release.Health{Path: "/health", Every: time.Millisecond, Timeout: 10 * time.Second, Failures: 3}
	a.Stop = release.Stop{Signal: "TERM", Grace: 15 * time.Second}
	return s.seal(release.StartOrder{Side: side, Version: version, Artefact: a, Count: count})
}

// seal gives the order a stamp and the digest of its artefact.
func (s *stage) seal(o release.StartOrder) release.StartOrder {
	s.Helper()
	data, err := json.Marshal(o.Artefact)
	if err != nil {
		s.Fatal(err)
	}
	sum := sha256.Sum256(data)
	o.Stamp, o.Digest = s.stamp(), hex.EncodeToString(sum[:])
	return o
}

func (s *stage) start(o release.StartOrder) {
	s.Helper()
	if err := s.platform.Start(s.Context(), o); err != nil {
		s.Fatalf("start: %v", err)
	}
}

func (s *stage) stop(ids ...string) {
	s.Helper()
	if err := s.platform.Stop(s.Context(), release.StopOrder{Stamp: s.stamp(), Instances: ids}); err != nil {
		s.Fatalf("stop: %v", err)
	}
}

func (s *stage) observe() []release.Instance {
	s.Helper()
	list, err := s.platform.Observe(s.Context(), s.App)
	if err != nil {
		s.Fatalf("observe: %v", err)
	}
	return list
}

// only returns the one instance there is.
func (s *stage) only() release.Instance {
	s.Helper()
	list := s.observe()
	if len(list) != 1 {
		s.Fatalf("there are %d instances, want one: %+v", len(list), list)
	}
	return list[0]
}

// ready waits until count instances serve, and returns all that exist.
func (s *stage) ready(count int) []release.Instance {
	s.Helper()
	var list []release.Instance
	testkit.Await(s, fmt.Sprintf("%d ready instances", count), func() bool {
		list = s.observe()
		return release.Instances{Known: true, List: list}.Ready() == count
	})
	return list
}

// runs starts count instances of version on side and waits until they serve.
func (s *stage) runs(side release.Side, version string, count int, args ...string) []release.Instance {
	s.Helper()
	s.start(s.order(side, version, count, args...))
	return s.ready(count)
}

func ids(list []release.Instance) []string {
	var all []string
	for _, in := range list {
		all = append(all, in.ID)
	}
	return all
}
