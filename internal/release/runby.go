package release

// Orders are the commands of the app's owner that run instances in place of
// cutover: of a service manager, of another machine, of a cloud. Beside the
// placeholders of a command they may contain {{instance}}, {{component}} and
// {{grace}}, the seconds an instance has to end.
type Orders struct {
	// Start starts one instance and returns when it was launched. It may be
	// repeated for an instance whose start was cut off.
	Start []string `json:"start,omitempty"`
	// Stop ends one instance; one that is gone is no error.
	Stop []string `json:"stop"`
	// List prints what there is, as JSON. Without it nothing is known of an
	// instance but whether its address answers.
	List []string `json:"list,omitempty"`
}

// Adopted is one instance that ran before cutover knew of it, as it was found.
// It has no more than what identifies it: no value of its environment.
type Adopted struct {
	// Name is what its owner calls it: a unit, a container.
	Name string `json:"name,omitempty"`
	// Addr is host:port, where it takes requests.
	Addr string `json:"addr"`
	// Pid, Boot and Ticks identify a process of this machine for all time: Ticks
	// is its start in clock ticks since the boot. They are empty for anything
	// else.
	Pid   int    `json:"pid,omitempty"`
	Boot  string `json:"boot,omitempty"`
	Ticks uint64 `json:"ticks,omitempty"`
	// Found is its argument vector without secrets, Variables the names of what
	// it has in its environment.
	Found     []string `json:"found,omitempty"`
	Variables []string `json:"variables,omitempty"`
}
