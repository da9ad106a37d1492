package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cutover/internal/audit/notary"
	"cutover/internal/store"
	"cutover/internal/store/sqlite"
)

// checkpointsVariable names folders for copies of the signed checkpoints,
// with colons between them.
const checkpointsVariable = "CUTOVER_CHECKPOINTS"

// copyFolders are the folders that get a copy of the signed checkpoints.
func copyFolders() []string { return filepath.SplitList(os.Getenv(checkpointsVariable)) }

const checkpointsUsage = "folder, best on another machine, that gets a copy of the signed checkpoints (or " + checkpointsVariable + ")"

// openSigned opens the signed checkpoints of a state folder. Folders for copies
// may be out of reach at the moment.
func openSigned(l layout, folders []string) (*notary.Book, error) {
	b, err := notary.OpenBook(notary.List(l.signed()), l.signKey())
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		b.Copies = append(b.Copies, b.CopyIn(folder))
	}
	return b, nil
}

// copyWithin bounds how long a copy's folder may take to answer.
const copyWithin = 5 * time.Second

// reachCopy does what must be done with a copy, but not for ever: a mount that
// is gone can hang.
func reachCopy(do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-time.After(copyWithin):
		return fmt.Errorf("it did not answer within %s", copyWithin)
	}
}

// openNotary compares the journal with all that was signed, and makes ready to
// sign what comes.
func (c *control) openNotary(ctx context.Context) error {
	l := layout(c.options.State)
	var err error
	if c.signed, err = openSigned(l, c.options.Checkpoints); err != nil {
		return err
	}
	if err := agreeSigned(ctx, c.journal, c.signed); err != nil {
		return err
	}
	for _, copied := range c.signed.Copies {
		err := reachCopy(func() error { return c.signed.Spread(copied) })
		if ahead := new(notary.AheadError); errors.As(err, &ahead) {
			return fmt.Errorf("%w; put the newer folder back, or, to go on from this one knowingly: cutover journal accept --yes --checkpoints %s", err, filepath.Dir(string(copied)))
		}
		if err != nil {
			c.options.Logger.Warn("a copy of the signed checkpoints is out of reach; it is tried again", "copy", string(copied), "error", err)
		}
	}
	return nil
}

// agreeSigned returns a *store.CorruptError if the journal is not the one that
// was signed.
func agreeSigned(ctx context.Context, j *sqlite.Journal, b *notary.Book) error {
	all, err := b.Statements()
	if err != nil {
		return err
	}
	head, err := j.Head(ctx)
	if err != nil {
		return err
	}
	err = notary.Agree("the list "+string(b.List), notary.Standing(all), head, func(seq int64) (store.Head, error) { return j.HeadAt(ctx, seq) })
	if corrupt := new(store.CorruptError); errors.As(err, &corrupt) && corrupt.Place == "" {
		corrupt.Place = "the journal"
		corrupt.Cure = "put the newer copy of the journal back; if its end is lost for good: cutover journal accept"
	}
	return err
}

// writer signs while the controller works.
func (c *control) writer() *notary.Writer {
	return &notary.Writer{Book: c.signed, Head: c.journal.Head, Changed: c.engine.Changed, Now: time.Now,
		Warn: func(err error) { c.options.Logger.Warn("checkpoints are not signed everywhere", "error", err) }}
}
