package notary

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutover/internal/store"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// headOf is the head a test's journal has at a record; another branch has others.
func headOf(branch string, seq int64) store.Head {
	return store.Head{Seq: seq, Hash: fmt.Sprintf("%s%063d", branch, seq)}
}

func branch(name string) func(int64) (store.Head, error) {
	return func(seq int64) (store.Head, error) { return headOf(name, seq), nil }
}

func open(t *testing.T, folder string) *Book {
	t.Helper()
	b, err := OpenBook(List(filepath.Join(folder, "signed")), filepath.Join(folder, "key"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sign(t *testing.T, b *Book, seqs ...int64) {
	t.Helper()
	for _, seq := range seqs {
		if err := b.Sign(headOf("a", seq), noon.Add(time.Duration(seq)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
}

func statements(t *testing.T, b *Book) []Statement {
	t.Helper()
	list, err := b.Statements()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWhatWasSignedIsReadWithThePublicKeyAndIsPrivateOnDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	sign(t, open(t, folder), 3)
	b := open(t, folder) // another controller
	sign(t, b, 3, 2, 5)
	v, err := ParseVerifier(b.key.Public() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	list, err := b.List.Statements(v)
	if err != nil || len(list) != 2 || list[0].Head != headOf("a", 3) || !list[1].At.Equal(noon.Add(5*time.Second)) {
		t.Errorf("statements %+v, %v", list, err)
	}
	for _, name := range []string{"key", "signed"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestASignatureOfAnotherKeyFailsClearly(t *testing.T) {
	t.Parallel()
	mine, other := open(t, t.TempDir()), open(t, t.TempDir())
	sign(t, mine, 3)
	_, err := mine.List.Statements(other.own)
	var corrupt *store.CorruptError
	if !errors.As(err, &corrupt) || corrupt.Place != string(mine.List)+", line 1" || !strings.Contains(err.Error(), "not signed with the key "+short(other.key.Public())) {
		t.Errorf("statements: %v", err)
	}
	for _, text := range []string{"", "nonsense", string(mine.List)} {
		if _, err := ParseVerifier(text); err == nil || !strings.Contains(err.Error(), "cutover audit key") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAChangedStatementIsNotBelieved(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	sign(t, b, 3)
	for _, change := range [][2]string{{`\n3\n`, `\n4\n`}, {"a000", "b000"}, {"12:00:03", "12:00:04"}, {`"cutover`, `cutover`}} {
		changed := strings.Replace(b.lines[0], change[0], change[1], 1)
		if _, err := b.own.Read(changed); changed == b.lines[0] || err == nil {
			t.Errorf("%q was read as %q", changed, err)
		}
	}
}

func TestAJournalThatDoesNotMatchWhatWasSignedIsFound(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	sign(t, b, 3, 5, 9)
	stands := Standing(statements(t, b))
	if err := Agree("it", stands, headOf("a", 12), branch("a")); err != nil {
		t.Errorf("the journal itself: %v", err)
	}
	for name, c := range map[string]struct {
		head   store.Head
		branch string
		seq    int64
		reason string
	}{
		"cut off, or an older copy": {headOf("a", 7), "a", 8, "ends at record 7, but it has record 9 signed"},
		"rewritten or forked":       {headOf("b", 12), "b", 3, "not the record that it has signed at 2026-11-21 12:00:03 UTC"},
		"emptied":                   {store.Start(), "a", 1, "ends at record 0"},
	} {
		err := Agree("it", stands, c.head, branch(c.branch))
		var corrupt *store.CorruptError
		if !errors.As(err, &corrupt) || corrupt.Seq != c.seq || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatWasGivenUpKnowinglyIsNotDemandedAnyMoreButStaysOnTheList(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	sign(t, b, 3, 5, 9)
	if err := b.GiveUp(headOf("b", 6), noon, 4, 9); err != nil {
		t.Fatal(err)
	}
	if err := b.Sign(headOf("b", 8), noon); err != nil {
		t.Fatal(err)
	}
	all := statements(t, b)
	if len(all) != 5 || *all[3].GivenUp != (GivenUp{4, 9}) {
		t.Errorf("the list has %+v", all)
	}
	mixed := func(seq int64) (store.Head, error) {
		if seq <= 4 {
			return headOf("a", seq), nil
		}
		return headOf("b", seq), nil
	}
	if err := Agree("it", Standing(all), headOf("b", 8), mixed); err != nil {
		t.Errorf("the journal that was put back: %v", err)
	}
	if err := Agree("it", Standing(all), headOf("a", 12), branch("a")); err == nil {
		t.Error("the journal that was given up is believed")
	}
}

func TestALineThatAPowerCutLeftIncompleteIsReplaced(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := open(t, folder)
	sign(t, b, 3, 5)
	text, err := os.ReadFile(string(b.List))
	if err != nil {
		t.Fatal(err)
	}
	for cut := 1; cut < 40; cut += 13 {
		if err := os.WriteFile(string(b.List), text[:len(text)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		again := open(t, folder)
		if got := statements(t, again); len(got) != 1 {
			t.Errorf("%d bytes less leave %+v", cut, got)
		}
		sign(t, again, 7)
		if got := statements(t, again); len(got) != 2 || got[1].Seq != 7 {
			t.Errorf("after it: %+v", got)
		}
	}
}

func TestAListWhoseKeyIsGoneIsNotContinued(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	sign(t, open(t, folder), 3)
	if err := os.Remove(filepath.Join(folder, "key")); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenBook(List(filepath.Join(folder, "signed")), filepath.Join(folder, "key")); err == nil || !strings.Contains(err.Error(), "put it back") {
		t.Errorf("open: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "key")); err == nil {
		t.Error("another key was made")
	}
	if _, err := MakeKey(filepath.Join(folder, "signed")); err == nil {
		t.Error("a file was replaced by a key")
	}
}

func TestACopyElsewhereTellsThatTheWholeFolderWasPutBack(t *testing.T) {
	t.Parallel()
	folder, kept := t.TempDir(), List(filepath.Join(t.TempDir(), "kept"))
	b := open(t, folder)
	sign(t, b, 3)
	older, err := os.ReadFile(string(b.List))
	if err != nil {
		t.Fatal(err)
	}
	sign(t, b, 5)
	for range 2 {
		if err := b.Spread(kept); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(string(b.List), older, 0o600); err != nil {
		t.Fatal(err)
	}
	b = open(t, folder)
	var ahead *AheadError
	if err := b.Spread(kept); !errors.As(err, &ahead) || !strings.Contains(err.Error(), "put back to an older copy") {
		t.Fatalf("spread: %v", err)
	}
	if err := b.Adopt(kept); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.GiveUp(headOf("a", 4), noon, 3, 5), b.Spread(kept)); err != nil {
		t.Fatal(err)
	}
	if list, err := kept.Statements(b.own); err != nil || len(list) != 3 {
		t.Errorf("the copy has %+v, %v", list, err)
	}
	// Two that have both gone on cannot be joined.
	other := open(t, t.TempDir())
	sign(t, other, 3)
	if err := other.Adopt(kept); err == nil || !strings.Contains(err.Error(), "parted ways") {
		t.Errorf("adopt what another signed: %v", err)
	}
}

func TestAWriterSignsWhatIsRecordedAndKeepsCopiesUp(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	good, bad := List(filepath.Join(t.TempDir(), "kept")), List(filepath.Join(t.TempDir(), "missing", "kept"))
	b.Copies = []List{good, bad}
	var seq = make(chan int64, 1)
	seq <- 3
	changed := make(chan struct{}, 1)
	warned := make(chan error, 9)
	w := &Writer{Book: b, Now: func() time.Time { return noon }, Warn: func(err error) { warned <- err },
		Changed: func() <-chan struct{} { return changed },
		Head: func(context.Context) (store.Head, error) {
			n := <-seq
			seq <- n
			return headOf("a", n), nil
		}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	if err := <-warned; !strings.Contains(err.Error(), string(bad)) {
		t.Errorf("warned: %v", err)
	}
	<-seq
	seq <- 7
	cancel() // what came last is signed on the way out
	<-done
	list, err := good.Statements(b.own)
	if err != nil || len(list) != 2 || list[1].Head != headOf("a", 7) {
		t.Errorf("the copy has %+v, %v", list, err)
	}
}
