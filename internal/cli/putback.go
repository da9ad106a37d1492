package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"time"

	"cutover/internal/audit"
	"cutover/internal/audit/notary"
	"cutover/internal/durable"
	"cutover/internal/engine"
	"cutover/internal/release"
	"cutover/internal/store"
	"cutover/internal/store/sqlite"
)

// putBack makes an earlier copy of the journal the journal.
type putBack struct {
	// source is the copy: a backup, or, if accept is set, the journal itself.
	source  string
	reason  string
	accept  bool
	yes     bool
	folders []string
}

// loss is what putting a copy back means.
type loss struct {
	// Kept is the copy's last record, Lost the last one known to have existed.
	Kept store.Head `json:"kept"`
	Lost int64      `json:"lost"`
	// Until is when the copy's last record was written.
	Until time.Time `json:"until,omitzero"`
	// Aside is where the journal was kept that stood there before.
	Aside string `json:"aside,omitempty"`
}

func (s *session) putBack(ctx context.Context, p putBack) error {
	l := s.layout()
	if _, err := os.Stat(s.state); errors.Is(err, fs.ErrNotExist) {
		return usage("there is no state folder %s; --state names another", s.state)
	}
	lock, err := lockFile(l.lock())
	if err != nil {
		return usage("%w; stop it first, the data plane and the instances go on", err)
	}
	defer lock.Close()
	found, err := p.run(ctx, l)
	if err != nil {
		return err
	}
	if s.json {
		s.print(found)
		return nil
	}
	fmt.Fprintf(s.out, "the journal ends at record %d again, written %s\n", found.Kept.Seq, found.Until.UTC().Format("2006-01-02 15:04:05 UTC"))
	if found.Lost > found.Kept.Seq {
		fmt.Fprintf(s.out, "  records %d to %d are missing\n", found.Kept.Seq+1, found.Lost)
	}
	fmt.Fprintf(s.out, "  what stood there before lies in %s\n", found.Aside)
	fmt.Fprintln(s.out, "  the next controller does nothing until `cutover resume APP`: compare what runs with `cutover status` first")
	return nil
}

func (p putBack) run(ctx context.Context, l layout) (loss, error) {
	source, err := sqlite.Open(ctx, p.source, sqlite.Options{ReadOnly: true})
	if err != nil {
		return loss{}, &exitError{ExitUsage, err}
	}
	defer source.Close()
	whole, err := audit.Verify(ctx, audit.Trail{Source: recordsOf{source}, Place: p.source})
	if err != nil {
		return loss{}, failed("%s cannot be put in place: %w", p.source, err)
	}
	book, err := p.book(l)
	if err != nil {
		return loss{}, &exitError{ExitUsage, err}
	}
	found := loss{Kept: whole.Head, Until: whole.Last}
	if found.Lost, err = known(ctx, l, source, whole.Head, book); err != nil {
		return loss{}, &exitError{ExitUsage, err}
	}
	switch {
	case p.accept && found.Lost <= found.Kept.Seq:
		return found, usage("nothing of the journal is known to be missing: it ends at record %d", found.Kept.Seq)
	case !p.yes && found.Lost > found.Kept.Seq:
		return found, usage("records %d to %d would be missing: the copy ends at record %d, written %s; say --yes if that is meant",
			found.Kept.Seq+1, found.Lost, found.Kept.Seq, found.Until.UTC().Format("2006-01-02 15:04:05 UTC"))
	case !p.yes:
		return found, usage("nothing that is known would be missing, but every app waits for `cutover resume` afterwards; say --yes if that is meant")
	}
	return found, p.carryOut(ctx, l, source, book, &found)
}

// recordsOf is a journal without its states: those that are ahead of the
// records go with what is given up.
type recordsOf struct{ *sqlite.Journal }

func (recordsOf) States(context.Context, string) ([]store.State, error) { return nil, nil }

// book opens the signed checkpoints, with what copies know beyond them.
func (p putBack) book(l layout) (*notary.Book, error) {
	b, err := openSigned(l, p.folders)
	if err != nil {
		return nil, err
	}
	for _, copied := range b.Copies {
		if err := reachCopy(func() error { return b.Adopt(copied) }); err != nil {
			return nil, fmt.Errorf("%s: %w; leave out --checkpoints to go on without it", copied, err)
		}
	}
	return b, nil
}

// known returns the last record that anything vouches for, and refuses a copy
// that is not an earlier one of this journal.
func known(ctx context.Context, l layout, source *sqlite.Journal, kept store.Head, b *notary.Book) (int64, error) {
	all, err := b.Statements()
	if err != nil {
		return 0, err
	}
	last, shared := kept.Seq, []notary.Statement{}
	for _, s := range notary.Standing(all) {
		last = max(last, s.Seq)
		if s.Seq <= kept.Seq {
			shared = append(shared, s)
		}
	}
	record := func(seq int64) (store.Head, error) { return source.HeadAt(ctx, seq) }
	if err := notary.Agree("the list "+string(b.List), shared, kept, record); err != nil {
		return 0, fmt.Errorf("this is not an earlier copy of the journal: %w", err)
	}
	if head, found, err := audit.CheckpointOf(l.journal()).Load(); err == nil && found {
		last = max(last, head.Seq)
	}
	return last, present(ctx, l, kept, &last)
}

// present compares the copy with the journal that stands, as far as that can
// be read at all.
func present(ctx context.Context, l layout, kept store.Head, last *int64) error {
	j, err := sqlite.Open(ctx, l.journal(), sqlite.Options{ReadOnly: true})
	if err != nil {
		return nil // which is why it is to be replaced
	}
	defer j.Close()
	head, err := j.Head(ctx)
	if err != nil || head.Seq < kept.Seq {
		return nil
	}
	*last = max(*last, head.Seq)
	if has, err := j.HeadAt(ctx, kept.Seq); kept.Seq > 0 && err == nil && has != kept {
		return fmt.Errorf("this is not an earlier copy of the journal: record %d is another one; move the folder %s aside to begin with it all the same",
			kept.Seq, filepath.Dir(l.journal()))
	}
	return nil
}

// carryOut prepares the copy beside the journal, exchanges them, and states it
// in the signed checkpoints.
func (p putBack) carryOut(ctx context.Context, l layout, source *sqlite.Journal, b *notary.Book, found *loss) error {
	folder := filepath.Dir(l.journal())
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the journal's folder: %w", err)
	}
	site, err := os.MkdirTemp(folder, ".restore-*")
	if err != nil {
		return fmt.Errorf("put the journal back: %w", err)
	}
	defer os.RemoveAll(site)
	ready := filepath.Join(site, filepath.Base(l.journal()))
	if err := source.Copy(ctx, ready); err != nil {
		return err
	}
	ev := release.Restored{Kept: found.Kept.Seq, Lost: max(found.Lost, found.Kept.Seq), Reason: p.reason}
	head, err := begin(ctx, ready, ev)
	if err != nil {
		return err
	}
	if err := source.Close(); err != nil {
		return err
	}
	found.Aside = filepath.Join(folder, "aside-"+time.Now().UTC().Format("20060102T150405.000"))
	if err := exchange(l.journal(), ready, found.Aside); err != nil {
		return fmt.Errorf("put the journal back: %w; run the command again", err)
	}
	if err := b.GiveUp(head, time.Now(), ev.Kept, ev.Lost); err != nil {
		return err
	}
	for _, copied := range b.Copies {
		if err := reachCopy(func() error { return b.Spread(copied) }); err != nil {
			return fmt.Errorf("the journal is put back, but a copy of the signed checkpoints is behind; the next controller brings it up: %w", err)
		}
	}
	return nil
}

// begin makes a copy ready to be gone on with: no order of the lost records can
// be newer than its own, and every app waits for a person.
func begin(ctx context.Context, path string, ev release.Restored) (head store.Head, err error) {
	j, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return head, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	if err := j.Leap(ctx); err != nil {
		return head, err
	}
	lease, err := j.Acquire(ctx, ownerName(), time.Now(), time.Minute)
	if err != nil {
		return head, err
	}
	if head, err = engine.RecordRestored(ctx, j, lease, time.Now(), user(), ev); err != nil {
		return head, err
	}
	return head, j.Yield(ctx, lease)
}

// exchange puts the journal at ready, with its checkpoint, in the place of
// that at path, and what was there aside. Wherever it is interrupted, the
// checkpoint that stands is newer than the journal, and a controller refuses
// it: never does an old WAL lie beside a new file.
func exchange(path, ready, aside string) error {
	if err := os.Mkdir(aside, 0o700); err != nil {
		return err
	}
	for _, side := range []string{"-wal", "-shm"} {
		if err := ifThere(os.Rename(path+side, filepath.Join(aside, filepath.Base(path)+side))); err != nil {
			return err
		}
	}
	for _, old := range []string{path, string(audit.CheckpointOf(path))} {
		if err := ifThere(os.Link(old, filepath.Join(aside, filepath.Base(old)))); err != nil {
			return err
		}
	}
	return errors.Join(durable.SyncFolder(filepath.Dir(path)), os.Rename(ready, path),
		os.Rename(string(audit.CheckpointOf(ready)), string(audit.CheckpointOf(path))), durable.SyncFolder(filepath.Dir(path)))
}

// user is who runs this command, as the journal names people.
func user() string {
	id := strconv.Itoa(os.Getuid())
	if u, err := osuser.LookupId(id); err == nil {
		return u.Username
	}
	return "uid " + id
}

func ifThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
