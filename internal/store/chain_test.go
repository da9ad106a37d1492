package store

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func example() Record {
	return Record{
		Seq: 1, App: "shop", Release: "shop-42", Type: "planned", Version: 2,
		At: time.Unix(0, 1700000000123456789), Actor: "ann", Data: json.RawMessage(`{"a": 1}`),
	}
}

// The expected value was computed by another program from the description in
// DESIGN.md: whoever reads a journal without cutover must get the same.
func TestTheHashOfARecordNeverChanges(t *testing.T) {
	t.Parallel()
	r := example()
	Seal(Start().Hash, &r)
	const want = "a040806df02286838a99af52768d207b2769b27f433608b64e43bf874a858420"
	if r.Hash != want {
		t.Errorf("hash is %s, want %s", r.Hash, want)
	}
}

func TestTheHashDoesNotDependOnTheTimeZone(t *testing.T) {
	t.Parallel()
	a, b := example(), example()
	b.At = b.At.In(time.FixedZone("far", 7*3600))
	Seal(Start().Hash, &a)
	Seal(Start().Hash, &b)
	if a.Hash != b.Hash || b.At.Location() != time.UTC {
		t.Errorf("hash %s in UTC, %s elsewhere (at %s)", a.Hash, b.Hash, b.At)
	}
}

func TestEveryFieldIsCoveredByTheHash(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*Record){
		"seq":           func(r *Record) { r.Seq++ },
		"app":           func(r *Record) { r.App += "x" },
		"release":       func(r *Record) { r.Release += "x" },
		"type":          func(r *Record) { r.Type += "x" },
		"version":       func(r *Record) { r.Version++ },
		"time":          func(r *Record) { r.At = r.At.Add(1) },
		"actor":         func(r *Record) { r.Actor += "x" },
		"data":          func(r *Record) { r.Data = json.RawMessage(`{"a":1}`) },
		"previous hash": func(r *Record) { r.PrevHash = strings.Repeat("1", 64) },
		"moved border":  func(r *Record) { r.App, r.Release = "shopshop", "-42" },
	}
	whole := example()
	Seal(Start().Hash, &whole)
	for name, change := range changes {
		changed := whole
		change(&changed)
		if sum(changed) == whole.Hash {
			t.Errorf("a change of the %s leaves the hash as it was", name)
		}
	}
}

func TestAChainFollowsItselfAndNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.SliceOfN(rapid.Custom(anyRecord), 2, 12).Draw(t, "records")
		sealed, end, err := Chain(Start(), records)
		if err != nil {
			t.Fatal(err)
		}
		if head, bad := walk(sealed); bad != nil || head != end {
			t.Fatalf("walk of a whole chain: %v, %v, want %v", head, bad, end)
		}
		i := rapid.IntRange(0, len(sealed)-2).Draw(t, "i")
		sealed[i], sealed[i+1] = sealed[i+1], sealed[i]
		_, bad := walk(sealed)
		var corrupt *CorruptError
		if !errors.As(bad, &corrupt) || corrupt.Seq != int64(i+1) {
			t.Fatalf("records %d and %d swapped: %v", i+1, i+2, bad)
		}
	})
}

func TestChainLeavesItsInputAlone(t *testing.T) {
	t.Parallel()
	in := []Record{example()}
	in[0].Seq = 0
	sealed, _, err := Chain(Start(), in)
	if err != nil {
		t.Fatal(err)
	}
	sealed[0].Data[0] = 'x'
	if in[0].Hash != "" || in[0].Seq != 0 || string(in[0].Data) != `{"a": 1}` {
		t.Errorf("the input became %+v", in[0])
	}
}

func TestARecordThatCannotBeReadBackIsRefused(t *testing.T) {
	t.Parallel()
	faults := map[string]func(*Record){
		"no type":                  func(r *Record) { r.Type = "" },
		"versions count from 1":    func(r *Record) { r.Version = 0 },
		"no time":                  func(r *Record) { r.At = time.Time{} },
		"fit into nanoseconds":     func(r *Record) { r.At = time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no actor":                 func(r *Record) { r.Actor = "" },
		"data is not JSON":         func(r *Record) { r.Data = json.RawMessage(`{"a":`) },
		"not UTF-8":                func(r *Record) { r.App = "\xff" },
		"record 2 of 2":            func(r *Record) { r.Type = "" },
		"text that is not UTF-8: ": func(r *Record) { r.Actor = "a\xc3" },
	}
	for want, fault := range faults {
		bad := example()
		fault(&bad)
		_, _, err := Chain(Start(), []Record{example(), bad})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func walk(records []Record) (Head, error) {
	head := Start()
	for _, r := range records {
		var err error
		if head, err = Follow(head, r); err != nil {
			return head, err
		}
	}
	return head, nil
}

func anyRecord(t *rapid.T) Record {
	return Record{
		App:     rapid.String().Draw(t, "app"),
		Release: rapid.String().Draw(t, "release"),
		Type:    rapid.StringN(1, 20, -1).Draw(t, "type"),
		Version: rapid.IntRange(1, 9).Draw(t, "version"),
		At:      time.Unix(0, rapid.Int64().Draw(t, "at")),
		Actor:   rapid.StringN(1, 20, -1).Draw(t, "actor"),
		Data:    rapid.SampledFrom([]json.RawMessage{nil, []byte(`{}`), []byte(` [1, 2.50]`)}).Draw(t, "data"),
	}
}
