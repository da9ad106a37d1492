package synthetic

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"cutover/internal/load"
	"cutover/internal/release"
)

// AtOnce is how many pairs of a release may be under way, and so how many
// requests on a side, or runs of a scenario. What would be one more is left out.
const AtOnce = 4

// mostKept is how many pairs are kept for whoever asks. While as many are
// kept, none are sent.
const mostKept = 256

// Sender sends the pairs of one release for each app. Its methods may be called
// from several goroutines. It must be closed.
type Sender struct {
	mu     sync.Mutex
	closed bool
	byApp  map[string]*session
	// ending are the pairs of releases that others have taken the place of.
	ending sync.WaitGroup
}

// ErrClosed says that the sender was closed.
var ErrClosed = errors.New("the sending of synthetic requests has ended")

// New returns a sender that sends nothing yet.
func New() *Sender { return &Sender{byApp: map[string]*session{}} }

// Observe takes in how things stand and returns the pairs that have ended since
// the last call, in that order. It returns at once. The first call for a release
// that is to send begins its work. An error means that nothing can be sent at
// all, such as for want of a secret.
func (s *Sender) Observe(o release.SyntheticOrder) ([]release.SyntheticPair, error) {
	at, err := s.session(o)
	if at == nil || err != nil {
		return nil, err
	}
	return at.observe(o), nil
}

// session returns the work of a release, and begins it if it is to send.
func (s *Sender) session(o release.SyntheticOrder) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	have := s.byApp[o.App]
	switch {
	case s.closed:
		return nil, ErrClosed
	case have != nil && have.release == o.Release:
		return have, nil
	case !o.Sends:
		return nil, nil
	}
	plan, err := Plan(o.Synthetic)
	if err != nil {
		return nil, err
	}
	begun, err := begin(o, plan)
	if err != nil {
		return nil, fmt.Errorf("send the synthetic requests of %s: %w", o.Release, err)
	}
	if have != nil {
		have.cancel()
		s.ending.Go(have.end)
	}
	s.byApp[o.App] = begun
	return begun, nil
}

// Plan reads the load of a release's synthetic requests. What it does not know
// is an error.
func Plan(of release.Synthetic) (load.Plan, error) {
	var p load.Plan
	dec := json.NewDecoder(strings.NewReader(of.Plan))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return p, fmt.Errorf("read the synthetic requests: %w", err)
	}
	return p, nil
}

// Ready says why the synthetic requests of a plan could not be sent from here,
// such as for want of a secret, or nil.
func Ready(p release.Plan) error {
	if p.Synthetic == nil {
		return nil
	}
	of, err := Plan(*p.Synthetic)
	if err == nil {
		err = of.Ready()
	}
	if err != nil {
		return fmt.Errorf("prepare the synthetic requests: %w", err)
	}
	return nil
}

// Forget ends the work for an app, if there is any, and returns when nothing of
// it is under way any more.
func (s *Sender) Forget(app string) {
	s.mu.Lock()
	at := s.byApp[app]
	delete(s.byApp, app)
	s.mu.Unlock()
	if at != nil {
		at.cancel()
		at.end()
	}
}

// Close ends all work and returns when nothing is under way any more.
func (s *Sender) Close() {
	s.mu.Lock()
	s.closed = true
	all := s.byApp
	s.byApp = map[string]*session{}
	s.mu.Unlock()
	for _, at := range all {
		at.cancel()
	}
	for _, at := range all {
		at.end()
	}
	s.ending.Wait()
}
