package process

import (
	"strconv"
	"time"

	"cutover/internal/durable"
)

// slotRun is the latest process of a slot. Its own shim writes it, before it
// becomes the program.
type slotRun struct {
	identity
	Port int       `json:"port"`
	At   time.Time `json:"at"`
	// Restarts counts the runs before this one that ended by themselves.
	Restarts int `json:"restarts"`
	// Streak counts those among them, up to this run, that were short.
	Streak int `json:"streak"`
	// Umask is how the program makes its files; nil means as cutover does.
	Umask *int `json:"umask,omitempty"`
}

// slotEnd says how a process ended, as far as a controller was there to see.
type slotEnd struct {
	Of  identity  `json:"of"`
	At  time.Time `json:"at"`
	How string    `json:"how"`
}

// slotStop says that the slot was told to end.
type slotStop struct {
	At time.Time `json:"at"`
	// Signalled says that the process has got its signal: a second one means
	// "at once" to many programs.
	Signalled bool `json:"signalled"`
}

// slotReady says since when a process has been ready.
type slotReady struct {
	Of    identity  `json:"of"`
	Since time.Time `json:"since"`
}

// run returns the latest process; found is false if there never was one. That
// is the adopted one until another was started in its place.
func (s slot) run() (r slotRun, found bool, err error) {
	r, found, err = durable.ReadRecord[slotRun](s.runFile())
	if !found && err == nil && s.Adopted != nil {
		return slotRun{identity: identityOf(*s.Adopted), At: s.AdoptedAt}, true, nil
	}
	return r, found, err
}

// end returns how the process id ended, the zero value if that is not known.
func (s slot) end(of identity) (slotEnd, error) {
	e, _, err := durable.ReadRecord[slotEnd](s.endFile())
	if e.Of != of {
		return slotEnd{}, err
	}
	return e, err
}

// stopping returns whether, and since when, the slot has been told to end.
func (s slot) stopping() (slotStop, bool, error) { return durable.ReadRecord[slotStop](s.stopFile()) }

func (s slot) addr(r slotRun) string {
	switch {
	case r.Port == 0 && s.Adopted != nil:
		return s.Adopted.Addr
	case r.Port == 0:
		return ""
	}
	return "127.0.0.1:" + strconv.Itoa(r.Port)
}
