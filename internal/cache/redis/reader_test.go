package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/signal"
	"cutover/internal/signal/signaltest"
	"cutover/internal/testkit"
	testredis "cutover/internal/testkit/redis"
)

func subject() signal.Subject {
	return signal.Subject{App: "shop", Old: signal.Party{Label: "blue", Version: "1"}, New: signal.Party{Label: "green", Version: "2"}}
}

// missesOf counts misses at a server of the generations data:1: and data:2:.
func missesOf(t *testing.T, at release.Redis) signal.Signal {
	t.Helper()
	return placed(t, signal.Misses, release.CacheSignal{Redis: at, Namespace: "data", Old: "data:1:", New: "data:2:"})
}

func placed(t *testing.T, measure string, p release.CacheSignal) signal.Signal {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := signal.FindMeasure(signal.Cache, measure)
	return signal.Signal{Name: measure, Shape: m.Shape, Unit: m.Unit, Shared: !m.BySide, Source: signal.Source{Kind: signal.Cache, Query: measure, Place: string(text)}}
}

// telling starts a server that tells of misses.
func telling(t *testing.T, settings ...string) *testredis.Server {
	t.Helper()
	return testredis.Start(t, append([]string{"--notify-keyspace-events", "Em"}, settings...)...)
}

func TestTheCachesReaderKeepsTheReadersPromises(t *testing.T) {
	t.Parallel()
	s := telling(t)
	for _, measure := range []string{signal.Misses, signal.MissedShare} {
		t.Run(measure, func(t *testing.T) {
			t.Parallel()
			signaltest.Run(t, func(t *testing.T) signaltest.Stage {
				door := signaltest.OpenDoor(t, s.Addr)
				of := func(addr string) signal.Signal {
					return placed(t, measure, release.CacheSignal{Redis: release.Redis{Address: addr}, Namespace: "data", Old: "data:1:", New: "data:2:"})
				}
				hang, wrong := of(signaltest.Hanging(t)), of(door.Addr)
				wrong.Source.Query = "hits"
				return signaltest.Stage{Reader: NewReader(), Signal: of(door.Addr), Wrong: wrong, Subject: subject(), Vanish: door.Shut, Hang: &hang}
			})
		})
	}
}

// reader returns one that is closed with the test.
func reader(t *testing.T) *Reader {
	t.Helper()
	r := NewReader()
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func read(t *testing.T, r *Reader, s signal.Signal) map[signal.Side]signal.Reading {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	sides := map[signal.Side]signal.Reading{}
	for _, one := range r.Read(ctx, s, subject()) {
		sides[one.Side] = one
	}
	return sides
}

// lookUp asks for keys of a prefix of which some are there.
func lookUp(t *testing.T, s *testredis.Server, prefix string, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		s.Do("GET", fmt.Sprintf("%s%d", prefix, i))
	}
}

func TestTheMissesOfEachSidesGenerationAreCountedExactly(t *testing.T) {
	t.Parallel()
	server := telling(t)
	fill(t, server.Addr, "data:1:", "x", 100)
	fill(t, server.Addr, "data:2:", "x", 50)
	r, s := reader(t), missesOf(t, release.Redis{Address: server.Addr})
	before := read(t, r, s)
	lookUp(t, server, "data:1:", 0, 110)   // 10 are not there
	lookUp(t, server, "data:2:", 0, 110)   // 60 are not there
	lookUp(t, server, "data:22:", 0, 7)    // nobody's
	lookUp(t, server, "sessions:1:", 0, 7) // another namespace
	after := read(t, r, s)
	for side, want := range map[signal.Side]float64{signal.Old: 10, signal.New: 60} {
		if got := after[side].Value - before[side].Value; after[side].Missing != "" || got != want || after[side].Epoch != before[side].Epoch || after[side].Epoch == "" {
			t.Errorf("%s: %v misses, want %v: %+v", side, got, want, after[side])
		}
	}
}

func TestAServerThatDoesNotTellOfMissesIsMissingAndNeverZero(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	r, s := reader(t), missesOf(t, release.Redis{Address: server.Addr})
	for side, one := range read(t, r, s) {
		if !strings.Contains(one.Missing, "set notify-keyspace-events to Em") {
			t.Errorf("%s: %+v", side, one)
		}
	}
	server.Do("CONFIG", "SET", "notify-keyspace-events", "KEm")
	if one := read(t, r, s)[signal.New]; one.Missing != "" {
		t.Errorf("after it was set: %s", one.Missing)
	}
	server.Do("CONFIG", "SET", "notify-keyspace-events", "")
	if one := read(t, r, s)[signal.New]; one.Missing == "" {
		t.Errorf("after it was taken away: %+v", one)
	}
}

func TestWhatWasNotHeardIsNotCountedAsNothing(t *testing.T) {
	t.Parallel()
	server := telling(t)
	r, s := reader(t), missesOf(t, release.Redis{Address: server.Addr})
	before := read(t, r, s)[signal.New]
	server.Do("CLIENT", "KILL", "TYPE", "pubsub")
	testkit.Await(t, "it to listen again", func() bool { return read(t, r, s)[signal.New].Missing == "" })
	if after := read(t, r, s)[signal.New]; after.Epoch == before.Epoch {
		t.Errorf("the count goes on as if nothing had been lost: %+v", after)
	}
}

func TestSidesThatShareAGenerationAreNotToldApart(t *testing.T) {
	t.Parallel()
	server := telling(t)
	s := placed(t, signal.Misses, release.CacheSignal{Redis: release.Redis{Address: server.Addr}, Namespace: "data", Old: "data:1:", New: "data:1:"})
	for side, one := range read(t, reader(t), s) {
		if !strings.Contains(one.Missing, "both sides share the generation of data") {
			t.Errorf("%s: %+v", side, one)
		}
	}
}

func TestTheServersOwnCountIsOfEverybody(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	fill(t, server.Addr, "other:", "x", 3)
	r, s := reader(t), placed(t, signal.MissedShare, release.CacheSignal{Redis: release.Redis{Address: server.Addr}})
	before := read(t, r, s)[signal.Shared]
	lookUp(t, server, "other:", 0, 5)
	after := read(t, r, s)[signal.Shared]
	if after.Missing != "" || after.Value-before.Value != 2 || after.Of-before.Of != 5 || after.Epoch == "" {
		t.Errorf("%+v after %+v; want 2 more of 5 more", after, before)
	}
}

func TestTheReasonWhyMissesAreNotKnownHasACureAndNoPassword(t *testing.T) {
	t.Setenv("CACHE_PASSWORD", "verkehrt")
	server := telling(t, "--requirepass", "geheim")
	s := missesOf(t, release.Redis{Address: server.Addr, Password: "env:CACHE_PASSWORD"})
	if one := read(t, reader(t), s)[signal.New]; !strings.Contains(one.Missing, "spec.cache.redis.password") || strings.Contains(one.Missing, "verkehrt") {
		t.Errorf("%+v", one)
	}
}
