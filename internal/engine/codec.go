package engine

import (
	"bytes"
	"encoding/json"
	"fmt"

	"cutover/internal/release"
	"cutover/internal/store"
)

// eventVersion is the version under which this build writes every event type.
const eventVersion = 1

// UnknownEventError means that the journal holds a record this build cannot
// read. Nothing may be decided then: guessing could undo a release.
type UnknownEventError struct {
	Seq     int64
	Type    string
	Version int
}

func (e *UnknownEventError) Error() string {
	return fmt.Sprintf("record %d: unknown event %q version %d; run the version of cutover that wrote it, or a newer one", e.Seq, e.Type, e.Version)
}

// encode writes an event as the journal keeps it.
func encode(e release.Event) (string, json.RawMessage, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return "", nil, fmt.Errorf("encode event %s: %w", e.Name(), err)
	}
	return e.Name(), data, nil
}

// Decode reads a journal record back into an event. It refuses types, versions
// and fields it does not know.
func Decode(r store.Record) (release.Entry, error) {
	read, ok := decoders[r.Type]
	if !ok || r.Version != eventVersion {
		return release.Entry{}, &UnknownEventError{Seq: r.Seq, Type: r.Type, Version: r.Version}
	}
	ev, err := read(r.Data)
	if err != nil {
		return release.Entry{}, fmt.Errorf("decode record %d (%s): %w", r.Seq, r.Type, err)
	}
	return release.Entry{Seq: r.Seq, At: r.At, Actor: r.Actor, Event: ev}, nil
}

var decoders = map[string]func(json.RawMessage) (release.Event, error){
	release.RecordedPlan{}.Name(): decodeAs[release.RecordedPlan],
	release.Entered{}.Name():      decodeAs[release.Entered],
	release.Reached{}.Name():      decodeAs[release.Reached],
	release.Intended{}.Name():     decodeAs[release.Intended],
	release.Finished{}.Name():     decodeAs[release.Finished],
	release.Requested{}.Name():    decodeAs[release.Requested],
	release.Halted{}.Name():       decodeAs[release.Halted],
	release.Judged{}.Name():       decodeAs[release.Judged],
	release.Noticed{}.Name():      decodeAs[release.Noticed],
	release.Ended{}.Name():        decodeAs[release.Ended],
	release.Allowed{}.Name():      decodeAs[release.Allowed],
}

func decodeAs[E release.Event](data json.RawMessage) (release.Event, error) {
	var e E
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return nil, err
	}
	return e, nil
}
