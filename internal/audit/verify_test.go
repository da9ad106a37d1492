package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cutover/internal/audit"
	"cutover/internal/store"
	"cutover/internal/store/memory"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// copyOf is a journal's content where a test may do what a journal forbids.
type copyOf struct {
	records []store.Record
	states  []store.State
}

func (c copyOf) Records(_ context.Context, q store.Query) ([]store.Record, error) {
	list := slices.DeleteFunc(slices.Clone(c.records), func(r store.Record) bool { return r.Seq <= q.After })
	return list[:min(q.Limit, len(list))], nil
}

func (c copyOf) States(context.Context, string) ([]store.State, error) { return c.states, nil }

// journal returns a copy of a real journal with n records, and its end.
func journal(t *testing.T, n int) (copyOf, store.Head) {
	t.Helper()
	var s memory.Store
	lease, err := s.Acquire(t.Context(), "test", noon, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	records := make([]store.Record, n)
	for i := range records {
		records[i] = store.Record{Type: "tested", Version: 1, At: noon.Add(time.Duration(i) * time.Second), Actor: "test", Data: json.RawMessage(fmt.Sprint(i))}
	}
	states := []store.State{{Key: "app/shop", Body: json.RawMessage(`1`)}}
	head, err := s.Append(t.Context(), lease, 0, records, states)
	if err != nil {
		t.Fatal(err)
	}
	return copyOf{records, states}, head
}

func checkpoint(t *testing.T, head store.Head) audit.CheckpointFile {
	t.Helper()
	f := audit.CheckpointFile(filepath.Join(t.TempDir(), "journal.checkpoint"))
	if err := f.Advance(head); err != nil {
		t.Fatal(err)
	}
	return f
}

// pages is more records than Verify holds at once, twice over.
const pages = 600

func TestAWholeJournalIsReportedWithItsBounds(t *testing.T) {
	t.Parallel()
	c, head := journal(t, pages)
	at300 := store.Head{Seq: 300, Hash: c.records[299].Hash}
	report, err := audit.Verify(t.Context(), audit.Trail{
		Source:      c,
		Checkpoints: []audit.CheckpointFile{"/none/such", checkpoint(t, at300), checkpoint(t, head), checkpoint(t, at300)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Head != head || !report.First.Equal(noon) || !report.Last.Equal(noon.Add((pages-1)*time.Second)) ||
		report.Checkpoint == nil || *report.Checkpoint != head {
		t.Errorf("report is %+v, want the end %+v", report, head)
	}
}

func TestAnEmptyJournalIsWholeAndHasNoBounds(t *testing.T) {
	t.Parallel()
	report, err := audit.Verify(t.Context(), audit.Trail{Source: copyOf{}})
	if err != nil || report != (audit.Report{Head: store.Start()}) {
		t.Errorf("report is %+v, %v", report, err)
	}
}

func TestTheFirstThingWrongIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		spoil  func(*copyOf)
		seq    int64
		reason string
	}{
		{"edit at the start of a page", func(c *copyOf) { c.records[256].Actor = "x" }, 257, "content"},
		{"edit at the end of a page", func(c *copyOf) { c.records[255].Data = nil }, 256, "content"},
		{"two edits", func(c *copyOf) { c.records[9].App, c.records[500].App = "x", "x" }, 10, "content"},
		{"a gap", func(c *copyOf) { c.records = slices.Delete(c.records, 99, 102) }, 100, "missing"},
		{"an end that is gone", func(c *copyOf) { c.records = c.records[:512] }, 513, "ends at record 512, but the checkpoint"},
		{"everything gone", func(c *copyOf) { c.records = nil }, 1, "ends at record 0"},
		{"a chain built anew", func(c *copyOf) { rebuild(c.records, 300) }, pages, "chain built anew"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			spoilt, head := journal(t, pages)
			c.spoil(&spoilt)
			report, err := audit.Verify(t.Context(), audit.Trail{
				Source: spoilt, Place: "the place", Checkpoints: []audit.CheckpointFile{checkpoint(t, head)},
			})
			var bad *store.CorruptError
			if !errors.As(err, &bad) || bad.Seq != c.seq || !strings.Contains(bad.Reason, c.reason) {
				t.Fatalf("got %v, want record %d, %s", err, c.seq, c.reason)
			}
			if bad.Place != "the place" || !strings.Contains(bad.Cure, "put back") {
				t.Errorf("place %q, cure %q", bad.Place, bad.Cure)
			}
			if report.Head.Seq != c.seq-1 {
				t.Errorf("verified up to %d, but record %d is the first bad one", report.Head.Seq, c.seq)
			}
		})
	}
}

func rebuild(records []store.Record, from int) {
	records[from].Actor = "mallory"
	for i := from; i < len(records); i++ {
		store.Seal(records[i-1].Hash, &records[i])
	}
}

func TestAStateAheadOfTheRecordsShowsThatSomeAreGone(t *testing.T) {
	t.Parallel()
	c, _ := journal(t, 10)
	c.records = c.records[:8]
	_, err := audit.Verify(t.Context(), audit.Trail{Source: c})
	var bad *store.CorruptError
	if !errors.As(err, &bad) || bad.Seq != 9 || !strings.Contains(bad.Reason, "state app/shop") {
		t.Errorf("got %v", err)
	}
}

func TestReachComparesWithoutReadingEverything(t *testing.T) {
	t.Parallel()
	c, head := journal(t, 10)
	f := checkpoint(t, store.Head{Seq: 6, Hash: c.records[5].Hash})
	asked := int64(0)
	known, err := f.Reach(head, func(seq int64) (store.Head, error) {
		asked = seq
		return store.Head{Seq: seq, Hash: c.records[seq-1].Hash}, nil
	})
	if !known || err != nil || asked != 6 {
		t.Errorf("known %v, asked for %d, %v", known, asked, err)
	}
	lost := errors.New("lost")
	if _, err := f.Reach(head, func(int64) (store.Head, error) { return store.Head{}, lost }); !errors.Is(err, lost) {
		t.Errorf("a record that cannot be read: %v", err)
	}
}
