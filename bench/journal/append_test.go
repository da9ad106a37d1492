package journal

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/store"
	"cutover/internal/store/sqlite"
)

// BenchmarkAppend appends one record with its state, as the engine does. The
// checkpoint beside the journal is a second fsync'd file; the variants show
// what it costs to write it after every append.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		name       string
		checkpoint int
		batch      int
	}{
		{"checkpoint-each", 1, 1},
		{"checkpoint-every-64", 64, 1},
		{"checkpoint-each/batch-10", 1, 10},
	} {
		b.Run(c.name, func(b *testing.B) { beside(b, c.checkpoint, c.batch) })
	}
}

func beside(b *testing.B, checkpoint, batch int) {
	dir := b.TempDir()
	j, err := sqlite.Open(b.Context(), filepath.Join(dir, "journal.db"), sqlite.Options{CheckpointEvery: checkpoint})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	lease, err := j.Acquire(b.Context(), "bench", time.Now(), time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	plain, err := os.OpenFile(filepath.Join(dir, "plain.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()

	var head store.Head
	var journal, bare time.Duration
	for b.Loop() {
		records, states := entry(batch)
		began := time.Now()
		if head, err = j.Append(b.Context(), lease, head.Seq, records, states); err != nil {
			b.Fatal(err)
		}
		journal += time.Since(began)

		line, err := json.Marshal(records)
		if err != nil {
			b.Fatal(err)
		}
		began = time.Now()
		if _, err = plain.Write(append(line, '\n')); err == nil {
			err = plain.Sync()
		}
		if err != nil {
			b.Fatal(err)
		}
		bare += time.Since(began)
	}
	if got, err := j.Verify(b.Context()); err != nil || got.Seq != int64(b.N*batch) {
		b.Fatalf("verified %d records of %d, %v", got.Seq, b.N*batch, err)
	}
	n := float64(b.N)
	b.ReportMetric(0, "ns/op") // both loops in one: it would say nothing
	b.ReportMetric(n/journal.Seconds(), "appends/s")
	b.ReportMetric(n/bare.Seconds(), "bare-fsyncs/s")
	b.ReportMetric(journal.Seconds()/bare.Seconds(), "times-bare")
}

// entry is about as large as what the engine writes.
func entry(batch int) ([]store.Record, []store.State) {
	data, err := json.Marshal(map[string]string{"detail": strings.Repeat("x", 400)})
	if err != nil {
		panic(err) // a map of strings can always be written
	}
	records := make([]store.Record, batch)
	for i := range records {
		records[i] = store.Record{
			App: "shop", Release: "shop-42", Type: "acted", Version: 1, At: time.Now(), Actor: "engine", Data: data,
		}
	}
	return records, []store.State{{Key: "release/shop-42", Body: data}}
}
