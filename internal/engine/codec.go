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

// UnreadableError means that the journal holds a record this build cannot
// read; Err names it too. Nothing may be decided then: guessing could undo a release.
type UnreadableError struct {
	Seq int64
	Err error
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("read the journal: %v; run the version of cutover that wrote it, or a newer one", e.Err)
}

// Unwrap returns what is wrong with the record.
func (e *UnreadableError) Unwrap() error { return e.Err }

// encode writes an event as the journal keeps it.
func encode(e release.Event) (string, json.RawMessage, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return "", nil, fmt.Errorf("encode event %s: %w", e.Name(), err)
	}
	return e.Name(), data, nil
}

// Decode reads a journal record back into an event. Types, versions and fields
// it does not know are an error that names the record's number.
func Decode(r store.Record) (release.Entry, error) {
	read, ok := decoders[r.Type]
	if !ok || r.Version != eventVersion {
		return release.Entry{}, fmt.Errorf("decode record %d: %w %q version %d", r.Seq, release.ErrUnknownEvent, r.Type, r.Version)
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
	release.Progressed{}.Name():   decodeAs[release.Progressed],
	release.Requested{}.Name():    decodeAs[release.Requested],
	release.Halted{}.Name():       decodeAs[release.Halted],
	release.Judged{}.Name():       decodeAs[release.Judged],
	release.Weighed{}.Name():      decodeAs[release.Weighed],
	release.Noticed{}.Name():      decodeAs[release.Noticed],
	release.Ended{}.Name():        decodeAs[release.Ended],
	release.Allowed{}.Name():      decodeAs[release.Allowed],
	release.Restored{}.Name():     decodeAs[release.Restored],
	release.Switched{}.Name():     decodeAs[release.Switched],
	release.FlagIntended{}.Name(): decodeAs[release.FlagIntended],
	release.FlagFinished{}.Name(): decodeAs[release.FlagFinished],
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
