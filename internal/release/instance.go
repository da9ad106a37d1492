package release

import "time"

// Instance is one running copy of a version, as a platform observed it.
type Instance struct {
	// ID is unique among all instances an app ever had.
	ID   string `json:"id"`
	Side Side   `json:"side"`
	// Component is the companion it is an instance of, empty for the component
	// that the front sends requests to.
	Component string `json:"component,omitempty"`
	Version   string `json:"version"`
	// Digest is the artefact's digest it was started with.
	Digest string `json:"digest"`
	// Addr is host:port, where the instance takes requests; a companion may
	// have none.
	Addr string `json:"addr"`
	// Pid is the process it runs as, 0 if that is not known or not on this
	// machine; Log is the file it writes its output to.
	Pid int    `json:"pid,omitempty"`
	Log string `json:"log,omitempty"`
	// Alive says that it runs; Ready that it may get traffic.
	Alive bool `json:"alive"`
	Ready bool `json:"ready"`
	// Stopping says that it was told to end: it must get nothing new and does
	// not count as capacity.
	Stopping bool `json:"stopping,omitempty"`
	// Restarts counts how often the platform had to start this slot again
	// after it had ended by itself.
	Restarts int `json:"restarts"`
	// Since is when it started, ReadySince when it last became ready.
	Since      time.Time `json:"since,omitzero"`
	ReadySince time.Time `json:"readySince,omitzero"`
	// Detail explains a state that is not ready: the last probe's answer, the
	// exit status, the last line of its log.
	Detail string `json:"detail,omitempty"`
}

// Instances is what a platform knows of one side. Where Known is false
// nothing is known, which is not the same as "there are none".
type Instances struct {
	Known bool       `json:"known"`
	List  []Instance `json:"list,omitempty"`
}

// Alive returns how many instances run and were not told to stop.
func (l Instances) Alive() int {
	n := 0
	for _, i := range l.List {
		if i.Alive && !i.Stopping {
			n++
		}
	}
	return n
}

// Ready returns how many instances may get traffic.
func (l Instances) Ready() int {
	n := 0
	for _, i := range l.List {
		if i.Serves() {
			n++
		}
	}
	return n
}

// Restarts returns how often instances of this side ended by themselves.
func (l Instances) Restarts() int {
	n := 0
	for _, i := range l.List {
		n += i.Restarts
	}
	return n
}

// Serves reports whether the instance may get traffic now.
func (i Instance) Serves() bool { return i.Alive && i.Ready && !i.Stopping }
