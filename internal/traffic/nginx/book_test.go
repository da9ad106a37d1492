package nginx

import (
	"os"
	"path/filepath"
	"testing"
)

const blueLine = "cutover_shop_blue|200|0.001|OK|0.001|0001\n"

// say appends to a log.
func say(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func counts(t *testing.T, b *book, want uint64) {
	t.Helper()
	epoch, both, err := b.read()
	if err != nil || epoch != b.epoch || both.Blue.Counters.Answered != want || both.Blue.Counters.Accepted != want {
		t.Errorf("%+v, %v; want %d answered", both.Blue.Counters, err, want)
	}
}

func TestALogIsReadOnThroughItsRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "shop.log")
	say(t, path, blueLine)
	b, err := openBook("shop", path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	counts(t, b, 0) // what was before belongs to nobody
	say(t, path, blueLine+blueLine[:10])
	counts(t, b, 1)
	say(t, path, blueLine[10:])
	counts(t, b, 2)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	say(t, path+".1", blueLine)
	counts(t, b, 3) // there is no new one yet
	say(t, path, blueLine)
	counts(t, b, 4)
	say(t, path+".1", blueLine) // a worker that has not heard of it yet
	say(t, path, blueLine)
	counts(t, b, 6)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	counts(t, b, 6)
	say(t, path, blueLine)
	counts(t, b, 7)
	for range patientLooks + 2 {
		counts(t, b, 7)
	}
	if len(b.logs) != 1 {
		t.Errorf("%d logs are still open", len(b.logs))
	}
}

func TestALogThatDoesNotExistYetIsReadFromItsBeginning(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "shop.log")
	b, err := openBook("shop", path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	counts(t, b, 0)
	say(t, path, blueLine)
	counts(t, b, 1)
}
