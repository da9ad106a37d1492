package storetest

import (
	"encoding/json"
	"reflect"
	"testing"

	"cutover/internal/store"
)

func state(key, body string) store.State {
	return store.State{Key: key, Body: json.RawMessage(body)}
}

func put(t *testing.T, s Store, lease store.Lease, records []store.Record, states ...store.State) store.Head {
	t.Helper()
	head, err := s.Append(t.Context(), lease, end(t, s).Seq, records, states)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return head
}

func wantStates(t *testing.T, s Store, prefix string, want ...store.State) {
	t.Helper()
	got, err := s.States(t.Context(), prefix)
	if err != nil {
		t.Fatalf("states: %v", err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("states of %q are\n%+v, want\n%+v", prefix, got, want)
	}
}

func states(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	first := []store.Record{record("shop", "r1", 1), record("shop", "r1", 2)}
	put(t, s, lease, first, state("release/r1", `{ "phase": "planned" }`), state("app/shop", `1`))
	put(t, s, lease, []store.Record{record("shop", "r2", 3)}, state("release/r2", `2`), state("app/shop", ` 3 `))

	r1 := store.State{Key: "release/r1", Seq: 2, Body: json.RawMessage(`{ "phase": "planned" }`)}
	r2 := store.State{Key: "release/r2", Seq: 3, Body: json.RawMessage(`2`)}
	shop := store.State{Key: "app/shop", Seq: 3, Body: json.RawMessage(` 3 `)}
	other := open(t)
	wantStates(t, other, "", shop, r1, r2)
	wantStates(t, other, "release/", r1, r2)
	wantStates(t, other, "release/r2", r2)
	wantStates(t, other, "release/r3")
	wantStates(t, other, "zzz")
}

func literalPrefix(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	keys := []string{"a%b/1", "a_b/1", "aXb/1", "A_B/1", "ä/1", "a_b"}
	for _, key := range keys {
		put(t, s, lease, []store.Record{record("shop", "r", 1)}, state(key, `1`))
	}
	for i, key := range keys[:5] {
		wantStates(t, s, key[:len(key)-1], store.State{Key: key, Seq: int64(i + 1), Body: json.RawMessage(`1`)})
	}
}

func statesOnly(t *testing.T, open Opener) {
	s := open(t)
	lease := acquire(t, s, "a", noon)
	write(t, s, lease, record("shop", "r", 1))
	head := put(t, s, lease, nil, state("app/shop", `{}`))
	if head != end(t, s) || head.Seq != 1 {
		t.Errorf("head is %+v after an append without records", head)
	}
	wantStates(t, s, "", store.State{Key: "app/shop", Seq: 1, Body: json.RawMessage(`{}`)})
	whole(t, s, 1)
}
