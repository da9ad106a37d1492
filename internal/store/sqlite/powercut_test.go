package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"cutover/internal/audit"
	"cutover/internal/store"
)

// ack is what was acknowledged to whoever appended, with the checkpoint file
// as it was then.
type ack struct {
	head       store.Head
	checkpoint []byte
}

// begun is the state of the files before the first recorded event.
type begun struct {
	files map[string][]byte
	ack   ack
}

// workload records what a controller's life does to the files: appends of
// several sizes, a WAL brought into the file and begun anew, a restart.
func workload(t *testing.T) (begun, []event) {
	t.Helper()
	path := newPath(t)
	head := written(t, path, 3)
	start := begun{files: map[string][]byte{"journal.db": contentOf(t, path)}, ack: ack{head, contentOf(t, string(audit.CheckpointOf(path)))}}
	r, stop := record(filepath.Dir(path))
	defer stop()
	for run := range 2 {
		j, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		lease, err := j.Acquire(t.Context(), "test", noon, 1<<40)
		for n := 1; n <= 5 && err == nil; n++ {
			list := records(n)
			list[0].Data = fmt.Appendf(nil, `{"pad":"%0*d"}`, 700*n, run)
			head, err = j.Append(t.Context(), lease, head.Seq, list, []store.State{{Key: "last", Body: fmt.Append(nil, head.Seq+int64(n))}})
			r.add(event{note: ack{head, contentOf(t, string(audit.CheckpointOf(path)))}})
			if n == 3 && err == nil {
				_, err = j.writer.ExecContext(t.Context(), "PRAGMA wal_checkpoint(restart)")
			}
		}
		if err := errors.Join(err, j.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return start, r.taken()
}

func contentOf(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What a power cut may leave of what was not synced.
var leftovers = []struct {
	name     string
	survives surviving
}{{"nothing", nothing}, {"everything", everything}, {"the beginning", beginning}, {"some of it", scattered}}

// The power may go at every write, sync, truncation and removal, and just
// after an entry was acknowledged. Whatever part of what was not synced reaches
// the disk: the journal opens, whole, with every acknowledged entry, and no
// entry is there by half.
func TestNothingAcknowledgedIsLostWhenThePowerGoes(t *testing.T) {
	t.Parallel()
	start, events := workload(t)
	rng := rand.New(rand.NewPCG(1, 2))
	disk, acks, cuts := newDisk(start.files), []ack{start.ack}, 0
	for i, e := range events {
		tries := leftovers[i%len(leftovers):][:1]
		if last, ok := e.note.(ack); ok {
			acks, tries = append(acks, last), leftovers
		} else {
			disk.do(e)
		}
		for _, left := range tries {
			// A rename that was not synced may be lost, and the one before it is back.
			newest := acks[len(acks)-1]
			newest.checkpoint = acks[max(len(acks)-1-rng.IntN(2), 0)].checkpoint
			if !comesBack(t, laid(t, disk.cut(rng, left.survives), newest), newest.head) {
				t.Fatalf("power cut at event %d of %d (%s of %d bytes at %d of %s), %s of what was not synced is left",
					i, len(events), e.what, len(e.data), e.at, e.file, left.name)
			}
			cuts++
		}
	}
	if len(acks) != 11 || cuts < 150 {
		t.Errorf("only %d cuts beside %d acknowledged entries: the workload shows too little", cuts, len(acks))
	}
}

// laid puts the files into a folder as they would be found, with an index of
// the WAL that is not to be trusted.
func laid(t *testing.T, files map[string][]byte, last ack) string {
	t.Helper()
	folder, err := os.MkdirTemp(t.TempDir(), "cut")
	if err != nil {
		t.Fatal(err)
	}
	files["journal.checkpoint"] = last.checkpoint
	if len(files["journal.db-wal"])%2 == 0 {
		files["journal.db-shm"] = make([]byte, 32<<10)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// comesBack opens the journal as the next controller does and says what is
// wrong with it.
func comesBack(t *testing.T, folder string, acknowledged store.Head) bool {
	t.Helper()
	defer os.RemoveAll(folder)
	j, err := Open(t.Context(), filepath.Join(folder, "journal.db"), Options{})
	if err != nil {
		t.Errorf("open: %v", err)
		return false
	}
	defer j.Close()
	head, err := j.Verify(t.Context())
	if err != nil {
		t.Errorf("verify: %v", err)
		return false
	}
	if got, err := headAt(t.Context(), j.reader, acknowledged.Seq); err != nil || got != acknowledged {
		t.Errorf("record %d was acknowledged, now: %v, %v", acknowledged.Seq, got, err)
		return false
	}
	states, err := j.States(t.Context(), "last")
	if err != nil || len(states) == 1 && string(states[0].Body) != fmt.Sprint(head.Seq) {
		t.Errorf("half an entry: the journal ends at record %d, the state is %+v, %v", head.Seq, states, err)
		return false
	}
	lease, err := j.Acquire(t.Context(), "test", noon, 1<<40)
	if err == nil {
		_, err = j.Append(t.Context(), lease, head.Seq, records(1), nil)
	}
	if err != nil {
		t.Errorf("append: %v", err)
	}
	return err == nil
}

// A disk that lies about what it has written may lose what was acknowledged.
// That is found out, and what is left is not touched.
func TestWhatADiskThatLiesHasLostIsFoundAndNotOverwritten(t *testing.T) {
	t.Parallel()
	start, events := workload(t)
	rng := rand.New(rand.NewPCG(3, 4))
	whole, refused := 0, 0
	for range 60 {
		disk, last := newDisk(start.files), start.ack
		for _, e := range events[:1+rng.IntN(len(events)-1)] {
			if a, ok := e.note.(ack); ok {
				last = a
			} else {
				disk.do(e)
			}
		}
		files := disk.cut(rng, everything)
		spoil(rng, files)
		if keptOrRefused(t, files, last) {
			whole++
		} else {
			refused++
		}
	}
	if whole == 0 || refused == 0 {
		t.Errorf("%d journals were whole, %d refused: one of both was never seen", whole, refused)
	}
}

// keptOrRefused opens and verifies what a disk left. It reports whether all
// that was acknowledged is there; if not, it demands an error that names place
// and cure, and files that are as they were.
func keptOrRefused(t *testing.T, files map[string][]byte, last ack) bool {
	t.Helper()
	folder := laid(t, files, last)
	j, err := Open(t.Context(), filepath.Join(folder, "journal.db"), Options{})
	if err == nil {
		_, err = j.Verify(t.Context())
		if got, _ := headAt(t.Context(), j.reader, last.head.Seq); err == nil && got != last.head {
			t.Errorf("record %d was lost unnoticed: %v", last.head.Seq, got)
		}
		if bad := j.Close(); bad != nil && err == nil {
			t.Error(bad)
		}
	} else {
		unchanged(t, folder, files, err)
	}
	var corrupt *store.CorruptError
	if err != nil && !errors.Is(err, ErrForeign) && (!errors.As(err, &corrupt) || corrupt.Cure == "" || corrupt.Place == "") {
		t.Errorf("refused without place and cure: %v", err)
	}
	return err == nil
}

func unchanged(t *testing.T, folder string, files map[string][]byte, refusal error) {
	t.Helper()
	for name, content := range files {
		got, err := os.ReadFile(filepath.Join(folder, name))
		if name != "journal.db-shm" && (err != nil || string(got) != string(content)) {
			t.Errorf("%s was changed though the journal was refused (%v): %v", name, refusal, err)
		}
	}
}

// spoil takes away or garbles a part of one file that had been synced.
func spoil(rng *rand.Rand, files map[string][]byte) {
	name := "journal.db"
	if wal := files["journal.db-wal"]; len(wal) > 0 && rng.IntN(4) > 0 {
		name = "journal.db-wal"
	}
	content := files[name]
	if rng.IntN(2) == 0 {
		files[name] = content[:rng.IntN(len(content))]
		return
	}
	from := rng.IntN(len(content)) / sector * sector
	for i := from; i < min(from+sector, len(content)); i++ {
		content[i] ^= 0x5a
	}
}
