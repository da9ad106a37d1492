package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// encoding names the way a record is turned into bytes before it is hashed.
// It is hashed too, so that another way can never yield the same hash.
const encoding = "cutover/record/v1"

// Seal makes r, whose Seq and content are set, the record that follows the
// one with hash prev: it sets PrevHash and Hash, and At to UTC.
func Seal(prev string, r *Record) {
	r.At = r.At.Round(0).UTC()
	r.PrevHash = prev
	r.Hash = sum(*r)
}

// sum hashes every field behind its own length, so that no two records have
// the same bytes: "ab"+"c" and "a"+"bc" differ.
func sum(r Record) string {
	h := sha256.New()
	field := func(b []byte) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(b)))
		h.Write(size[:])
		h.Write(b)
	}
	number := func(n int64) { field(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	field([]byte(encoding))
	field([]byte(r.PrevHash))
	number(r.Seq)
	field([]byte(r.App))
	field([]byte(r.Release))
	field([]byte(r.Type))
	number(int64(r.Version))
	number(r.At.UnixNano())
	field([]byte(r.Actor))
	field(r.Data)
	return hex.EncodeToString(h.Sum(nil))
}

// Chain returns copies of records, numbered and sealed to follow head, and
// the head they lead to. It leaves records as they are and fails if one of
// them is not valid.
func Chain(head Head, records []Record) ([]Record, Head, error) {
	sealed := make([]Record, len(records))
	for i, r := range records {
		if err := r.Validate(); err != nil {
			return nil, Head{}, fmt.Errorf("append record %d of %d: %w", i+1, len(records), err)
		}
		r.Seq = head.Seq + 1
		r.Data = present(bytes.Clone(r.Data))
		Seal(head.Hash, &r)
		sealed[i] = r
		head = Head{Seq: r.Seq, Hash: r.Hash}
	}
	return sealed, head, nil
}

// present makes "no data" one thing, whatever way it was written.
func present(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	return data
}

// Follow returns the head after r if r is the unchanged record that follows
// head; else a *CorruptError, without place and cure, that names the first
// record known to be wrong.
func Follow(head Head, r Record) (Head, error) {
	bad := func(reason string, args ...any) (Head, error) {
		return head, &CorruptError{Seq: head.Seq + 1, Reason: fmt.Sprintf(reason, args...)}
	}
	switch {
	case r.Seq != head.Seq+1:
		return bad("it is missing: record %d stands in its place", r.Seq)
	case sum(r) != r.Hash:
		return bad("its content does not match its hash: it was changed after it was written")
	case r.PrevHash != head.Hash:
		return bad("it does not continue record %d: one of the two was replaced", head.Seq)
	}
	return Head{Seq: r.Seq, Hash: r.Hash}, nil
}
