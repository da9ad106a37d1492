package release

// Nginx says where the nginx lies that serves an app. The zero value is none.
type Nginx struct {
	// File is the one file of its configuration that is cutover's own. It is
	// included within http {}.
	File string `json:"file,omitempty"`
	// Log is where it writes a line for each request that has ended.
	Log string `json:"log,omitempty"`
	// Proof is host:port on which every worker says which route it serves.
	Proof string `json:"proof,omitempty"`
	// Binary, Config and PID are the program, its main file, "" for the one it
	// was built with, and the file with the number of the master process.
	Binary string `json:"binary,omitempty"`
	Config string `json:"config,omitempty"`
	PID    string `json:"pid,omitempty"`
}

// HAProxy says where the HAProxy lies that serves an app. The zero value is none.
type HAProxy struct {
	// Socket is its runtime socket, level admin.
	Socket string `json:"socket,omitempty"`
	// Backend begins the names of the two backends: shop for shop_blue and
	// shop_green.
	Backend string `json:"backend,omitempty"`
	// Map is the map file by which its front chooses between the two; cutover
	// keeps it.
	Map string `json:"map,omitempty"`
	// State, if set, is where cutover keeps the state of the servers for the
	// next reload.
	State string `json:"state,omitempty"`
}
