package config

import "context"

// APIVersion is the first line of every document.
const APIVersion = "cutover/v1"

// App says what stands: how it runs and how users reach it. It is written
// once and seldom changes.
type App struct {
	// The form of this document.
	APIVersion string `json:"apiVersion" jsonschema:"required,enum=cutover/v1"`
	// What this document is.
	Kind string `json:"kind" jsonschema:"required,enum=App"`
	// How this app is called.
	Metadata AppMetadata `json:"metadata" jsonschema:"required"`
	// What stands.
	Spec AppSpec `json:"spec" jsonschema:"required"`

	doc *document
	// resolve is the Loader's ResolveImage or ResolveService.
	resolve func(ctx context.Context, socket, image string) (string, error)
}

// AppMetadata names an app.
type AppMetadata struct {
	// The name: a-z, 0-9 and -, at most 41 characters.
	Name string `json:"name" jsonschema:"required" example:"shop"`
}

// AppSpec is what stands.
type AppSpec struct {
	// What runs the app.
	Runtime Runtime `json:"runtime,omitzero"`
	// The roles of the app by name: one that serves the users, and as many workers and singletons as there are.
	Components map[string]Component `json:"components" jsonschema:"required" example:"{web: {command: [...]}}"`
	// The configuration of both versions, recorded per version and taken back with it.
	Config Config `json:"config,omitzero"`
	// Where the app keeps its data; needed by releases that change its schema or want a backup.
	Database *Database `json:"database,omitempty"`
	// A file that says what is known of the app's releases: which migrations are hazardous, which settings are gone in which version. Only `lint` and `plan` read it.
	Catalogue string `json:"catalogue,omitempty" example:"catalogue.json"`
	// Where the app caches; needed by releases that keep two versions' caches apart.
	Cache *Cache `json:"cache,omitempty"`
	// Features that can be switched off by themselves while a version goes on, by the names the app has for them.
	Flags map[string]Flag `json:"flags,omitempty" example:"{search: {file: flags.json}}"`
	// How users reach the app.
	Traffic Traffic `json:"traffic" jsonschema:"required" example:"{listen: \"127.0.0.1:8080\"}"`
}

// Config is an app's configuration.
type Config struct {
	// Environment variables. A value may be a reference: env:NAME or file:PATH.
	Env map[string]Text `json:"env,omitempty"`
	// A file of NAME=value lines; env wins over it. May contain {{version}} and {{app}}.
	EnvFile string `json:"envFile,omitempty"`
	// Configuration files. Their snapshots lie in the folder {{files}} of the command.
	Files []string `json:"files,omitempty"`
}

// Traffic is how users reach an app.
type Traffic struct {
	// What steers the traffic: cutover's own proxy, or an nginx or HAProxy that you run. It stays the same for as long as the app stands.
	Driver Driver `json:"driver,omitempty" jsonschema:"default=embedded"`
	// host:port that users connect to.
	Listen string `json:"listen" jsonschema:"required" example:"\"127.0.0.1:8080\""`
	// The Host headers that belong to this app; none means any.
	Hosts []string `json:"hosts,omitempty"`
	// The path prefix that belongs to this app.
	Path string `json:"path,omitempty" jsonschema:"default=/"`
	// What keeps a user on one version.
	Affinity Affinity `json:"affinity,omitzero"`
	// host:port where every request reaches the side being brought in.
	PrivateGreen string `json:"privateGreen,omitempty"`
	// How long streams (SSE, WebSocket) may stay on a side that is drained.
	StreamGrace Duration `json:"streamGrace,omitempty" jsonschema:"default=5m"`
	// The time over which streams left after that are closed, one by one.
	StreamSpread Duration `json:"streamSpread,omitempty" jsonschema:"default=30s"`
	// What clients may take of the proxy before they are turned away.
	Limits Limits `json:"limits,omitzero"`
	// Networks of proxies in front, such as 10.0.0.0/8, whose X-Forwarded-* and Forwarded headers are believed; this machine's own always are.
	Trust []string `json:"trust,omitempty"`
	// What users see where no instance answers them.
	Pages PageFiles `json:"pages,omitzero"`
	// Files that pages of both versions ask for.
	Assets Assets `json:"assets,omitzero"`
	// Speak TLS, HTTP/2 included, and nothing else on the address users connect to.
	TLS *TLS `json:"tls,omitempty"`
	// How instances are spoken to.
	Backend Backend `json:"backend,omitzero"`
	// What becomes of requests while no instance can take them, such as during a restart: they wait for a moment.
	Hold Waiting `json:"hold,omitzero"`
	// The nginx that serves the app; with driver: nginx.
	Nginx *Nginx `json:"nginx,omitempty"`
	// The HAProxy that serves the app; with driver: haproxy.
	HAProxy *HAProxy `json:"haproxy,omitempty"`
}

// Affinity is what keeps a user on one version: the header if it was sent,
// else the cookie, else a cookie of the proxy's own.
type Affinity struct {
	// The header that identifies a user.
	Header string `json:"header,omitempty"`
	// The cookie that identifies a user.
	Cookie string `json:"cookie,omitempty"`
	// Decide every request by itself.
	Off bool `json:"off,omitempty"`
}
