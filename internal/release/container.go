package release

// Container says how an artefact runs as a container.
type Container struct {
	// Socket is the address of the Docker daemon, such as unix:///run/docker.sock.
	Socket string `json:"socket"`
	// Image is the image as the file names it.
	Image string `json:"image"`
	// Pinned is the very content that Image meant when the release was planned:
	// NAME@sha256:... or the image's ID, sha256:.... Nothing else is ever run.
	Pinned string `json:"pinned"`
	// Port is where the program takes requests inside the container, 0 for none.
	Port int `json:"port,omitempty"`
	// Direct says that requests go to the container's own address, and that no
	// port of this machine leads to it.
	Direct bool `json:"direct,omitempty"`
	// Networks are joined in this order; the default bridge if there are none.
	Networks []string `json:"networks,omitempty"`
	Mounts   []Mount  `json:"mounts,omitempty"`
	// User is NAME, UID or UID:GID, "" for the image's own.
	User string `json:"user,omitempty"`
	// CPUs and Memory (bytes) are the most an instance gets, 0 for no limit.
	CPUs   float64 `json:"cpus,omitempty"`
	Memory int64   `json:"memory,omitempty"`
	// SecretFiles has the secrets that lie in files mounted at
	// /run/secrets/NAME, with NAME_FILE in the environment, not NAME.
	SecretFiles bool `json:"secretFiles,omitempty"`
}

// Mount is a folder, file or volume that a container sees.
type Mount struct {
	// Source is an absolute path of this machine, or the name of a volume.
	Source   string `json:"source"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"readOnly,omitempty"`
}
