package watch

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"cutover/internal/signal"
)

// Options are what a Watcher works with.
type Options struct {
	// Readers read the signals, by the kind of their source.
	Readers map[signal.Kind]signal.Reader
	// Deadline limits one reading; without, it is ten seconds.
	Deadline time.Duration
	// AtOnce is how many readings of a release may be under way; without, four.
	AtOnce int
	// Now is the clock; without, time.Now.
	Now func() time.Time
}

// Watcher watches the signals of one release for each app. Its methods may be
// called from several goroutines.
type Watcher struct {
	opt    Options
	mu     sync.Mutex
	closed bool
	byApp  map[string]*session
	// ending are watches that another release has taken the place of.
	ending sync.WaitGroup
}

// ErrClosed says that the watcher was closed.
var ErrClosed = errors.New("the watch of the signals has ended")

// New returns a watcher, which must be closed. It closes its readers then.
func New(opt Options) *Watcher {
	if opt.Deadline <= 0 {
		opt.Deadline = 10 * time.Second
	}
	if opt.AtOnce <= 0 {
		opt.AtOnce = 4
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Watcher{opt: opt, byApp: map[string]*session{}}
}

// Observe says what the signals mean by what has been read so far, and takes
// in how things stand for the readings to come. The first call for a release
// begins its watch. It returns at once. An error means that the set cannot be
// watched at all: it is the same at every call.
func (w *Watcher) Observe(o signal.Order) (signal.Report, error) {
	s, err := w.session(o)
	if err != nil {
		return signal.Report{}, err
	}
	return s.observe(o), nil
}

// session returns the watch of a release, and begins it if there is none.
func (w *Watcher) session(o signal.Order) (*session, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, ErrClosed
	}
	app := o.Subject.App
	have := w.byApp[app]
	if have != nil && have.release == o.Release {
		return have, nil
	}
	begun, err := begin(w.opt, o)
	if err != nil {
		return nil, fmt.Errorf("watch the signals of %s: %w", o.Release, err)
	}
	if have != nil {
		have.cancel()
		w.ending.Go(have.end)
	}
	w.byApp[app] = begun
	return begun, nil
}

// Forget ends the watch of an app, if there is one, and returns when nothing
// of it runs any more.
func (w *Watcher) Forget(app string) {
	w.mu.Lock()
	s := w.byApp[app]
	delete(w.byApp, app)
	w.mu.Unlock()
	if s != nil {
		s.end()
	}
}

// Close ends all watches and closes the readers. It returns when nothing runs
// any more, within about the deadline of a reading.
func (w *Watcher) Close() error {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	all := w.byApp
	w.byApp = map[string]*session{}
	w.mu.Unlock()
	for _, s := range all {
		s.cancel()
	}
	for _, s := range all {
		s.end()
	}
	w.ending.Wait()
	if !first {
		return nil
	}
	var wrong []error
	for kind, r := range w.opt.Readers {
		if err := r.Close(); err != nil {
			wrong = append(wrong, fmt.Errorf("end the readings of %s: %w", kind, err))
		}
	}
	return errors.Join(wrong...)
}
