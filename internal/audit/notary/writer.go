package notary

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"cutover/internal/store"
)

// Pause is the least time between two statements: what is written in a hurry is
// vouched for together.
const Pause = time.Second

// Writer signs a journal's head as it grows, and brings the copies up. Trouble
// with a list never stops the journal.
type Writer struct {
	Book *Book
	// Head returns the journal's end, Changed a channel that is closed at the
	// next record.
	Head    func(ctx context.Context) (store.Head, error)
	Changed func() <-chan struct{}
	Now     func() time.Time
	// Warn hears what went wrong with a list, once for each trouble.
	Warn func(err error)
}

// Run works until ctx ends, and signs the last head before it returns. A copy
// that hangs keeps only itself from being written.
func (w *Writer) Run(ctx context.Context) {
	said := map[List]string{}
	feeds := make([]chan []string, len(w.Book.Copies))
	var fed sync.WaitGroup
	for i, copied := range w.Book.Copies {
		feeds[i] = make(chan []string, 1)
		fed.Go(func() { w.feed(copied, feeds[i]) })
	}
	defer w.end(feeds, &fed)
	for {
		changed := w.Changed()
		w.once(ctx, said)
		for _, feed := range feeds {
			offer(feed, w.Book.lines)
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), Pause)
			defer cancel()
			w.once(last, said)
			for _, feed := range feeds {
				offer(feed, w.Book.lines)
			}
			return
		case <-changed:
		}
		select {
		case <-ctx.Done():
		case <-time.After(Pause):
		}
	}
}

// end lets the copies be completed, but waits for none that hangs.
func (w *Writer) end(feeds []chan []string, fed *sync.WaitGroup) {
	for _, feed := range feeds {
		close(feed)
	}
	done := make(chan struct{})
	go func() { fed.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(2 * Pause):
	}
}

func (w *Writer) once(ctx context.Context, said map[List]string) {
	head, err := w.Head(ctx)
	if err == nil {
		err = w.Book.Sign(head, w.Now())
	}
	w.hear(ctx, said, w.Book.List, err)
}

func (w *Writer) hear(ctx context.Context, said map[List]string, list List, err error) {
	switch {
	case err == nil:
		delete(said, list)
	case ctx.Err() == nil && said[list] != err.Error():
		said[list] = err.Error()
		w.Warn(err)
	}
}

// feed writes a copy. What hangs on a dead mount cannot be interrupted, so
// nobody waits for it.
func (w *Writer) feed(copied List, lines <-chan []string) {
	said := map[List]string{}
	var at abreast
	for l := range lines {
		err := at.spread(copied, l)
		if ahead := new(AheadError); errors.As(err, &ahead) {
			err = errors.Join(err, errors.New("nothing is written there any more; `cutover journal accept` takes it in"))
		}
		w.hear(context.Background(), said, copied, err)
	}
}

// abreast remembers how far a copy is, so that a long one need not be read
// again for each line.
type abreast struct {
	lines int
	size  int64
}

func (a *abreast) spread(copied List, lines []string) error {
	if info, err := os.Stat(string(copied)); err == nil && a.lines > 0 && a.lines <= len(lines) && info.Size() == a.size {
		if err := copied.Append(lines[a.lines:]...); err != nil {
			a.lines = 0
			return err
		}
	} else if err := spread(copied, lines); err != nil {
		a.lines = 0
		return err
	}
	info, err := os.Stat(string(copied))
	if err != nil {
		a.lines = 0
		return nil // nothing was signed yet
	}
	a.lines, a.size = len(lines), info.Size()
	return nil
}

// offer leaves the newest lines for who reads feed, in place of older ones.
func offer(feed chan []string, lines []string) {
	select {
	case <-feed:
	default:
	}
	feed <- lines
}
