package config

// Release says what changes: the transaction that takes an app from one
// version to another.
type Release struct {
	// The form of this document.
	APIVersion string `json:"apiVersion" jsonschema:"required,enum=cutover/v1"`
	// What this document is.
	Kind string `json:"kind" jsonschema:"required,enum=Release"`
	// How this release is called and which app it concerns.
	Metadata ReleaseMetadata `json:"metadata" jsonschema:"required"`
	// What changes, and how.
	Spec ReleaseSpec `json:"spec" jsonschema:"required"`

	doc *document
}

// ReleaseMetadata names a release and its app.
type ReleaseMetadata struct {
	// The name: a-z, 0-9 and -, at most 41 characters, unique for ever.
	Name string `json:"name" jsonschema:"required" example:"shop-v2"`
	// The name of the app.
	App string `json:"app" jsonschema:"required" example:"shop"`
}

// ReleaseSpec is what changes, and how.
type ReleaseSpec struct {
	// The version that must serve now; the release is refused if another one does.
	From Origin `json:"from,omitzero"`
	// The version to bring in.
	To Target `json:"to" jsonschema:"required" example:"v2"`
	// What changes in the shape of the database.
	Schema *Schema `json:"schema,omitempty"`
	// What is saved before anything is changed.
	Backup *Backup `json:"backup,omitempty"`
	// The trial of the schema change on a clone of the database.
	Rehearse *Rehearse `json:"rehearse,omitempty"`
	// Which kinds of cached things both versions share.
	Cache *CacheChange `json:"cache,omitempty"`
	// The components that change, the one with users among them; none named means all. The others go on as they are.
	Components []string `json:"components,omitempty"`
	// How traffic moves.
	Strategy Strategy `json:"strategy,omitzero"`
	// What ready means for the new instances together.
	Ready Ready `json:"ready,omitzero"`
	// What the new instances are asked for before they are tested, so that users do not meet them cold.
	WarmUp *WarmUp `json:"warmUp,omitempty"`
	// Questions put to the new instances before they get traffic.
	Checks Checks `json:"checks,omitzero"`
	// When the release is taken back, and what it takes to go on.
	Guard Guard `json:"guard,omitzero"`
	// What else the release is judged by: databases, caches, memory, logs, metrics.
	Signals Signals `json:"signals,omitzero"`
	// How long requests in flight may take on a side that gets no new ones.
	Drain Drain `json:"drain,omitzero"`
	// How often a failing action is tried again.
	Tries Tries `json:"tries,omitzero"`
}

// Origin is the version a release starts from.
type Origin struct {
	// The version label.
	Version Text `json:"version" jsonschema:"required" example:"v1"`
}

func (Origin) shortKey() string { return "version" }

// Target is the version a release brings in. What it sets wins over what the
// app says.
type Target struct {
	// The version label.
	Version Text `json:"version" jsonschema:"required" example:"v2"`
	// The command, in place of the component's.
	Command Command `json:"command,omitzero"`
	// Run this command, one text, by sh -c.
	Shell bool `json:"shell,omitempty"`
	// The working directory, in place of the component's.
	Dir string `json:"dir,omitempty"`
	// The image, in place of the component's. May contain {{version}} and {{app}}.
	Image string `json:"image,omitempty"`
	// Environment variables, added to the app's.
	Env map[string]Text `json:"env,omitempty"`
	// The file of NAME=value lines, in place of the app's.
	EnvFile string `json:"envFile,omitempty"`
	// The configuration files, in place of the app's.
	Files []string `json:"files,omitempty"`
	// Where the app's runtime is static: the addresses, host:port, of this version, in place of the app's.
	Addresses []string `json:"addresses,omitempty"`
	// What concerns a worker or singleton alone, by its name.
	Components map[string]TargetComponent `json:"components,omitempty"`
}

func (Target) shortKey() string { return "version" }

// Ready bounds the start of the new instances.
type Ready struct {
	// How long the new instances may take to get ready.
	Within Duration `json:"within,omitempty" jsonschema:"default=2m"`
	// How long all of them must then stay ready without a break.
	Settle Duration `json:"settle,omitempty" jsonschema:"default=2s"`
}

// Guard says when a release is taken back, and what it takes to go on.
type Guard struct {
	// The chance that a version which is no worse is taken back, over the whole release, however often one looks.
	FalseAlarms Margin `json:"falseAlarms,omitempty" jsonschema:"default=0.1%"`
	// How much slower the new version's answers may be than the old one's; any to not compare them.
	Slower Slower `json:"slower,omitempty" jsonschema:"default=5%"`
	// How long after its first request the new version's answers are not compared by time, since it is cold.
	WarmUp Duration `json:"warmUp,omitempty" jsonschema:"default=5s"`
	// The share of failed requests beyond which a version is bad whatever the other one does: if both are, the release pauses. 0% for none.
	Outage Margin `json:"outage,omitempty" jsonschema:"default=2%"`
	// How many requests the new version must have had in a hold before it may go on.
	MinRequests int `json:"minRequests,omitempty" jsonschema:"default=50,minimum=0"`
	// How far the new version's error share may exceed the old version's for it to go on. auto: as far as one more failed request a second at the next step, and 5% at most.
	Margin Allowance `json:"margin,omitempty" jsonschema:"default=auto"`
	// How often new instances may end by themselves; one more fails the release.
	MaxRestarts int `json:"maxRestarts,omitempty" jsonschema:"default=2,minimum=0"`
	// What a failing release leads to.
	OnFailure string `json:"onFailure,omitempty" jsonschema:"default=rollback,enum=rollback,enum=pause"`
}

// Drain bounds how long requests in flight may take to complete.
type Drain struct {
	// How long to wait for them.
	Wait Duration `json:"wait,omitempty" jsonschema:"default=30s"`
	// What follows then: wait goes on waiting for as long as it takes, pause waits for a person, force goes on, and what is cut is on record.
	OnTimeout string `json:"onTimeout,omitempty" jsonschema:"default=pause,enum=pause,enum=force,enum=wait"`
}

// Tries bounds how often a failing action is tried again.
type Tries struct {
	// How many tries there are.
	Most int `json:"most,omitempty" jsonschema:"default=5,minimum=1,maximum=1000"`
	// The wait after the first failure; it doubles with each further one.
	Pause Duration `json:"pause,omitempty" jsonschema:"default=1s"`
	// The longest wait.
	MaxPause Duration `json:"maxPause,omitempty" jsonschema:"default=1m"`
}
