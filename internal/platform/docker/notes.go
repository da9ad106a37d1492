package docker

import (
	"os"
	"path/filepath"
	"time"

	"cutover/internal/durable"
	"cutover/internal/restart"
)

// runNote is what Docker does not remember of an instance that was started
// again.
type runNote struct {
	// After is when the run began that had ended before the present one.
	After time.Time `json:"after,omitzero"`
	// Boot is the start of the machine in which the present run began.
	Boot string `json:"boot"`
	// Restarts counts the runs before this one that ended by themselves, Streak
	// those among them, up to this run, that were short.
	Restarts int `json:"restarts"`
	Streak   int `json:"streak"`
}

// next returns what follows on a run that has ended by itself, which may not
// begin for wait. After a start of the machine nothing ended by itself.
func (n runNote) next(began, ended time.Time, boot string, now time.Time) (next runNote, wait time.Duration) {
	if n.After.Equal(began) {
		return n, 0 // it is on record already, and was not carried out
	}
	next = runNote{After: began, Boot: boot, Restarts: n.Restarts}
	if n.Boot != boot {
		return next, 0
	}
	next.Restarts++
	if ended.Before(began) {
		ended = began // the daemon did not see it end
	}
	if ended.Sub(began) < restart.Steady {
		next.Streak = n.Streak + 1
	}
	pause := restart.Pause(next.Streak)
	// A clock that was set back must not hold the instance up for longer.
	return next, min(ended.Add(pause).Sub(now), pause)
}

// stopNote says that the instance was told to end.
type stopNote struct {
	At time.Time `json:"at"`
	// Signalled says that it has got its signal: a second one means "at once"
	// to many programs.
	Signalled bool `json:"signalled"`
}

// readyNote says since when a run has been ready.
type readyNote struct {
	// Of is when the run began.
	Of    time.Time `json:"of"`
	Since time.Time `json:"since"`
}

// notes are the records of one instance.
type notes struct{ folder string }

func (p *Platform) notesOf(s slot) notes { return notes{filepath.Join(p.at.Notes(s.App), s.ID)} }

func (n notes) runFile() string   { return filepath.Join(n.folder, "run.json") }
func (n notes) stopFile() string  { return filepath.Join(n.folder, "stop.json") }
func (n notes) readyFile() string { return filepath.Join(n.folder, "ready.json") }

func (n notes) run() (runNote, error) {
	note, _, err := durable.ReadRecord[runNote](n.runFile())
	return note, err
}

func (n notes) stopping() (stopNote, bool, error) { return durable.ReadRecord[stopNote](n.stopFile()) }

func (n notes) writeRun(note runNote) error {
	if err := os.MkdirAll(n.folder, 0o700); err != nil {
		return err
	}
	return durable.WriteRecord(n.runFile(), note)
}

// condemn records durably that the instance may not be started again.
func (n notes) condemn(now time.Time) error {
	if _, marked, err := n.stopping(); marked || err != nil {
		return err
	}
	if err := os.MkdirAll(n.folder, 0o700); err != nil {
		return err
	}
	return durable.WriteRecord(n.stopFile(), stopNote{At: now})
}
