package notary

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cutover/internal/store"
)

// Book is a list with the key it is written with, and copies of it elsewhere.
// Its methods must not be called at the same time.
type Book struct {
	List   List
	Copies []List
	key    Key
	own    Verifier
	// last is the newest statement, lines how many there are.
	last  Statement
	lines []string
}

// OpenBook reads the list, and makes the key for a list that is empty. A list
// whose key is gone is an error: a new key could not vouch for it.
func OpenBook(list List, keyPath string, copies ...List) (*Book, error) {
	lines, err := list.Lines()
	if err != nil {
		return nil, err
	}
	key, err := LoadKey(keyPath)
	if errors.Is(err, fs.ErrNotExist) {
		if len(lines) > 0 {
			return nil, fmt.Errorf("%w: put it back; to begin a new list with a new key, move %s aside", err, list)
		}
		key, err = MakeKey(keyPath)
	}
	if err != nil {
		return nil, err
	}
	b := &Book{List: list, Copies: copies, key: key}
	if b.own, err = ParseVerifier(key.Public()); err != nil {
		return nil, err
	}
	return b, b.read(lines)
}

func (b *Book) read(lines []string) error {
	b.lines, b.last = lines, Statement{}
	if len(lines) == 0 {
		return nil
	}
	last, err := b.own.Read(lines[len(lines)-1])
	if err != nil {
		return &store.CorruptError{Place: fmt.Sprintf("%s, line %d", b.List, len(lines)), Reason: err.Error(), Cure: "put the right file back, with its key, or move both aside to begin anew"}
	}
	b.last = last
	return nil
}

// Statements returns all that was signed.
func (b *Book) Statements() ([]Statement, error) { return b.List.Statements(b.own) }

// Sign adds a statement unless the newest one reaches as far already.
func (b *Book) Sign(head store.Head, at time.Time) error {
	if head.Seq <= b.last.Seq {
		return nil
	}
	return b.add(Statement{Head: head, At: at})
}

// GiveUp adds the statement that records were given up knowingly.
func (b *Book) GiveUp(head store.Head, at time.Time, kept, lost int64) error {
	return b.add(Statement{Head: head, At: at, GivenUp: &GivenUp{kept, lost}})
}

func (b *Book) add(s Statement) error {
	line, err := b.key.Sign(s)
	if err != nil {
		return err
	}
	if err := b.List.Append(line); err != nil {
		return err
	}
	b.lines, b.last = append(b.lines, line), s
	return nil
}

// AheadError means that a copy has statements which the list lacks: the whole
// state folder was put back to an older copy.
type AheadError struct {
	Copy  List
	lines []string
}

func (e *AheadError) Error() string {
	return fmt.Sprintf("%s has %d signed checkpoints that this state folder lacks: the folder was put back to an older copy, or the file belongs to another journal", e.Copy, len(e.lines))
}

// Spread brings one copy up to the list. It returns an *AheadError if the copy
// is not the beginning of the list, and writes nothing then.
func (b *Book) Spread(copied List) error { return spread(copied, b.lines) }

func spread(copied List, lines []string) error {
	have, err := copied.Lines()
	if err != nil {
		return err
	}
	n := 0
	for n < len(have) && n < len(lines) && have[n] == lines[n] {
		n++
	}
	if n < len(have) {
		return &AheadError{copied, have[n:]}
	}
	return copied.Append(lines[n:]...)
}

// Adopt takes in what a copy has and the list lacks, so that giving it up can
// be stated after it. Statements of another key are refused.
func (b *Book) Adopt(copied List) error {
	err := b.Spread(copied)
	var ahead *AheadError
	if !errors.As(err, &ahead) {
		return err
	}
	if len(b.lines)+len(ahead.lines) != lineCount(copied) {
		return fmt.Errorf("%w: they have parted ways, and one of both must be moved aside", err)
	}
	if _, err := copied.Statements(b.own); err != nil {
		return err
	}
	if err := b.List.Append(ahead.lines...); err != nil {
		return err
	}
	return b.read(slices.Concat(b.lines, ahead.lines))
}

func lineCount(l List) int {
	lines, err := l.Lines()
	if err != nil {
		return -1
	}
	return len(lines)
}

// CopyIn returns the copy in a folder: a name of its own for each key, so that
// several controllers may share the folder.
func (b *Book) CopyIn(folder string) List {
	return List(filepath.Join(folder, strings.ReplaceAll(short(b.key.Public()), "+", "-")+".signed"))
}
