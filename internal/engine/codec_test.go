package engine

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"cutover/internal/release"
	"cutover/internal/store"
)

var update = flag.Bool("update", false, "write testdata anew")

// events returns one event of every type, each field set to something.
func events(t *testing.T) []release.Event {
	t.Helper()
	var list []release.Event
	for _, ev := range []release.Event{release.RecordedPlan{}, release.Entered{}, release.Reached{}, release.Intended{},
		release.Finished{}, release.Progressed{}, release.Requested{}, release.Halted{}, release.Judged{}, release.Weighed{}, release.Noticed{}, release.Ended{}, release.Allowed{}, release.Restored{},
		release.Switched{}, release.FlagIntended{}, release.FlagFinished{}} {
		v := reflect.New(reflect.TypeOf(ev)).Elem()
		fillIn(t, v, ev.Name())
		list = append(list, v.Interface().(release.Event))
	}
	return list
}

// fillIn sets every field to something that is not zero, and fails for one that
// JSON would pass over or name as Go does.
func fillIn(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	if v.Type() == reflect.TypeFor[release.Sealed]() {
		v.SetBytes([]byte(`{"text":"of ` + path + `"}`))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillIn(t, v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fillIn(t, v.Index(i), path+"[]")
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fillIn(t, key, path)
		fillIn(t, value, path)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		fillFields(t, v, path)
	case reflect.String:
		v.SetString("text of " + path)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1_234_567_891)
	case reflect.Uint32:
		v.SetUint(1<<31 + 1)
	case reflect.Uint64:
		v.SetUint(1<<63 + 1)
	case reflect.Float64:
		v.SetFloat(0.1)
	default:
		t.Fatalf("%s is a %s: say how it is filled", path, v.Type())
	}
}

func fillFields(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 3, 4, 5, 6, 7, 89, time.UTC)))
		return
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "" || name == "-" {
			t.Fatalf("%s.%s would not be kept under a name of its own", path, f.Name)
		}
		if strings.ToLower(name[:1]) != name[:1] {
			t.Errorf("%s.%s is called %s, want it to begin in lower case", path, f.Name, name)
		}
		fillIn(t, v.Field(i), path+"."+name)
	}
}

func roundTrip(t *testing.T, ev release.Event) release.Event {
	t.Helper()
	kind, data, err := encode(ev)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Decode(store.Record{Seq: 7, Type: kind, Version: eventVersion, Actor: "ann", Data: data})
	if err != nil {
		t.Fatal(err)
	}
	if e.Seq != 7 || e.Actor != "ann" {
		t.Errorf("%s: its place became %d by %s", kind, e.Seq, e.Actor)
	}
	return e.Event
}

func TestEveryEventComesBackFromTheJournalAsItWas(t *testing.T) {
	t.Parallel()
	for _, ev := range events(t) {
		if got := roundTrip(t, ev); !reflect.DeepEqual(got, ev) {
			t.Errorf("%s came back as\n%+v, want\n%+v", ev.Name(), got, ev)
		}
		empty := reflect.Zero(reflect.TypeOf(ev)).Interface().(release.Event)
		if got := roundTrip(t, empty); !reflect.DeepEqual(got, empty) {
			t.Errorf("an empty %s came back as %+v", ev.Name(), got)
		}
	}
}

func TestEveryFieldComesBackWhenItIsTheOnlyOne(t *testing.T) {
	t.Parallel()
	for _, ev := range events(t) {
		full := reflect.ValueOf(ev)
		for i := range full.NumField() {
			only := reflect.New(full.Type()).Elem()
			only.Field(i).Set(full.Field(i))
			want := only.Interface().(release.Event)
			if got := roundTrip(t, want); !reflect.DeepEqual(got, want) {
				t.Errorf("%s with only %s came back as %+v", ev.Name(), full.Type().Field(i).Name, got)
			}
		}
	}
}

func TestEveryEventHasADecoder(t *testing.T) {
	t.Parallel()
	if n := len(events(t)); n != len(decoders) {
		t.Errorf("%d events are tested, %d can be decoded", n, len(decoders))
	}
}

// TestRecordsOfEarlierBuildsCanStillBeRead compares with records as they were
// when the version was fixed: fields may be added, but none renamed or removed.
func TestRecordsOfEarlierBuildsCanStillBeRead(t *testing.T) {
	t.Parallel()
	const file = "testdata/events-v1.json"
	if *update {
		writeEvents(t, file)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var kept map[string]json.RawMessage
	if err := json.Unmarshal(raw, &kept); err != nil {
		t.Fatal(err)
	}
	if len(kept) < len(decoders) {
		t.Errorf("%s has %d of %d events; add the new ones", file, len(kept), len(decoders))
	}
	for kind, data := range kept {
		e, err := Decode(store.Record{Seq: 1, Type: kind, Version: 1, Data: data})
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		_, again, err := encode(e.Event)
		if err != nil {
			t.Fatal(err)
		}
		within(t, kind, generic(t, data), generic(t, again))
	}
}

func writeEvents(t *testing.T, file string) {
	t.Helper()
	kept := map[string]release.Event{}
	for _, ev := range events(t) {
		kept[ev.Name()] = ev
	}
	data, err := json.MarshalIndent(kept, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(data, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

func generic(t *testing.T, data []byte) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// within fails the test unless everything in old is in fresh.
func within(t *testing.T, path string, old, fresh any) {
	t.Helper()
	switch o := old.(type) {
	case map[string]any:
		f, _ := fresh.(map[string]any)
		for k, v := range o {
			within(t, path+"."+k, v, f[k])
		}
	case []any:
		f, _ := fresh.([]any)
		if len(f) != len(o) {
			t.Errorf("%s: %d became %d", path, len(o), len(f))
			return
		}
		for i, v := range o {
			within(t, path+"[]", v, f[i])
		}
	default:
		if old != fresh {
			t.Errorf("%s: %v became %v", path, old, fresh)
		}
	}
}

func TestARecordOfAnotherShapeIsRefusedWithItsNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, data, want string
		version          int
	}{
		{"", `{}`, "unknown event", 1},
		{"halted", `{}`, "unknown event", 0},
		{"halted", `{}`, "unknown event", 2},
		{"halted", `{"kind":1}`, "cannot unmarshal", 1},
		{"halted", `{"whom":""}`, "unknown field", 1},
		{"planned", `{"plan":{"steps":[{"weight":1,"hold":{},"depth":2}]}}`, "unknown field", 1},
		{"halted", ``, "EOF", 1},
	} {
		_, err := Decode(store.Record{Seq: 12, Type: c.kind, Version: c.version, Data: []byte(c.data)})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "record 12") {
			t.Errorf("%s version %d %s: %v, want %q and record 12", c.kind, c.version, c.data, err, c.want)
		}
		if unknown := errors.Is(err, release.ErrUnknownEvent); unknown != strings.Contains(c.want, "unknown event") {
			t.Errorf("%s %s: ErrUnknownEvent is %t", c.kind, c.data, unknown)
		}
	}
}

func TestTheNameOfAReleaseIsFoundInAKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{"r1/7": "r1", "a/b/12": "a/b", "none": "", "": ""} {
		if got := releaseOf(key); got != want {
			t.Errorf("%q belongs to %q, want %q", key, got, want)
		}
	}
}
