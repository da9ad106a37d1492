package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"cutover/internal/store"
)

func emptyStart(t *testing.T, open Opener) {
	s := open(t)
	if got := end(t, s); got != store.Start() {
		t.Errorf("head is %+v", got)
	}
	if got := read(t, s, store.Query{}); len(got) != 0 {
		t.Errorf("records are %v", got)
	}
	if got, err := s.States(t.Context(), ""); err != nil || len(got) != 0 {
		t.Errorf("states are %v, %v", got, err)
	}
	whole(t, s, 0)
}

func roundTrip(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	// No two of the values are alike: a column in another's place shows.
	written := []store.Record{
		{App: "shop", Release: "shop-7", Type: "planned", Version: 3, At: noon, Actor: "ann", Data: json.RawMessage(`{"to":"1.2"}`)},
		{App: "an 'app' with \"marks\" \x00 and ünï", Release: "", Type: "frozen", Version: 1, At: noon, Actor: "Zoë", Data: nil},
	}
	head := write(t, s, lease, written...)
	sealed, want, err := store.Chain(store.Start(), written)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, open(t), store.Query{}); !reflect.DeepEqual(got, sealed) {
		t.Errorf("got  %+v\nwant %+v", got, sealed)
	}
	if head != want || end(t, s) != want {
		t.Errorf("append returned %+v, head is %+v, want %+v", head, end(t, s), want)
	}
	whole(t, s, 2)
}

func fills(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	records := []store.Record{record("shop", "r", 1), record("shop", "r", 2)}
	records[0].At = noon.In(time.FixedZone("far", 3600))
	states := []store.State{{Key: "release/r", Body: json.RawMessage(`{}`)}}
	head, err := s.Append(t.Context(), lease, 0, records, states)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, store.Query{}); !reflect.DeepEqual(got, records) {
		t.Errorf("the caller has %+v\nthe journal %+v", records, got)
	}
	if records[1].Hash != head.Hash || records[1].PrevHash != records[0].Hash || states[0].Seq != head.Seq {
		t.Errorf("records %+v and states %+v do not lead to %+v", records, states, head)
	}
}

func dataExact(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	for _, data := range []string{
		`{"b":1,  "a":2, "a":3}`, " [1.50, 1e3, -0.0]\n", `"\u0041\ud83d\ude00😀"`, `12345678901234567890123`, `null`, `"` + strings.Repeat("x", 1<<20) + `"`,
	} {
		r := record("shop", "r", 1)
		r.Data = json.RawMessage(data)
		head := write(t, s, lease, r)
		got := read(t, s, store.Query{After: head.Seq - 1})
		if len(got) != 1 || !bytes.Equal(got[0].Data, []byte(data)) {
			t.Errorf("%.40q came back as %d records, %.60q", data, len(got), got[0].Data)
		}
	}
	whole(t, s, 6)
}

func timesExact(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Unix(0, -1), time.Unix(0, math.MaxInt64), time.Unix(0, math.MinInt64),
		noon, noon.In(time.FixedZone("far", -9*3600)), time.Now(),
	} {
		r := record("shop", "r", 1)
		r.At = at
		head := write(t, s, lease, r)
		got := read(t, s, store.Query{After: head.Seq - 1})
		if len(got) != 1 || !got[0].At.Equal(at) || got[0].At.Location() != time.UTC {
			t.Errorf("%s came back as %+v", at, got)
		}
	}
	whole(t, s, 7)
}

func queries(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	write(t, s, lease,
		record("shop", "r1", 1), record("blog", "r1", 2), record("shop", "r2", 3), record("shop", "", 4), record("shop", "r1", 5))
	for _, c := range []struct {
		q    store.Query
		want []int64
	}{
		{store.Query{}, []int64{1, 2, 3, 4, 5}},
		{store.Query{App: "shop"}, []int64{1, 3, 4, 5}},
		{store.Query{Release: "r1"}, []int64{1, 2, 5}},
		{store.Query{App: "shop", Release: "r1"}, []int64{1, 5}},
		{store.Query{After: 2}, []int64{3, 4, 5}},
		{store.Query{After: 1, App: "shop", Limit: 2}, []int64{3, 4}},
		{store.Query{Limit: 1}, []int64{1}},
		{store.Query{After: 5}, nil},
		{store.Query{After: 99}, nil},
		{store.Query{App: "sho"}, nil},
		{store.Query{App: "SHOP"}, nil},
	} {
		var got []int64
		for _, r := range read(t, s, c.q) {
			got = append(got, r.Seq)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v selects %v, want %v", c.q, got, c.want)
		}
	}
}

func ownCopies(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	records := []store.Record{record("shop", "r", 1)}
	states := []store.State{{Key: "k", Body: json.RawMessage(`{"s":1}`)}}
	if _, err := s.Append(t.Context(), lease, 0, records, states); err != nil {
		t.Fatal(err)
	}
	copy(records[0].Data, "xxxx")
	copy(states[0].Body, "xxxx")
	copy(read(t, s, store.Query{})[0].Data, "yyyy")
	whole(t, s, 1)
	if got, err := s.States(t.Context(), "k"); err != nil || string(got[0].Body) != `{"s":1}` {
		t.Errorf("the state became %v, %v", got, err)
	}
}

func conflict(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	write(t, s, lease, record("shop", "r", 1), record("shop", "r", 2))
	for _, after := range []int64{0, 1, 3, -1} {
		records := []store.Record{record("shop", "r", 3)}
		_, err := s.Append(t.Context(), lease, after, records, []store.State{{Key: "k", Body: json.RawMessage(`1`)}})
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("append after %d: %v", after, err)
		}
		if records[0].Seq != 0 || records[0].Hash != "" {
			t.Errorf("the refused record was filled: %+v", records[0])
		}
	}
	nothingSince(t, s, 2)
}

func invalid(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	bad := record("shop", "r", 2)
	bad.Data = json.RawMessage(`{`)
	if _, err := s.Append(t.Context(), lease, 0, []store.Record{record("shop", "r", 1), bad}, nil); err == nil {
		t.Error("a record that is not JSON was taken")
	}
	state := []store.State{{Key: "", Body: json.RawMessage(`1`)}}
	if _, err := s.Append(t.Context(), lease, 0, []store.Record{record("shop", "r", 1)}, state); err == nil {
		t.Error("a state without a key was taken")
	}
	nothingSince(t, s, 0)
}

func cancelled(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, lease, 0, []store.Record{record("shop", "r", 1)}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	nothingSince(t, s, 0)
}

// nothingSince fails the test unless the journal is whole, ends at record n
// and holds no state.
func nothingSince(t *testing.T, s Store, n int64) {
	t.Helper()
	whole(t, s, n)
	if got, err := s.States(t.Context(), ""); err != nil || len(got) != 0 {
		t.Errorf("states are %v, %v", got, err)
	}
}
