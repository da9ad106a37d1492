package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"cutover/internal/release"
)

// The drivers of front ends that are not cutover's own.
const (
	nginxDriver   = "nginx"
	haproxyDriver = "haproxy"
)

// Nginx is an nginx that you run. docs/fronts.md shows what its configuration needs.
type Nginx struct {
	// The one file of its configuration that is cutover's own: include it within http {}.
	File Text `json:"file" jsonschema:"required" example:"/etc/nginx/cutover/shop.conf"`
	// Where the location that serves the app logs, in the format cutover_APP.
	Log Text `json:"log" jsonschema:"required" example:"/var/log/nginx/cutover-shop.log"`
	// host:port on which every worker tells cutover which route it serves. Nothing else may use it.
	Proof Text `json:"proof" jsonschema:"required" example:"\"127.0.0.1:8099\""`
	// The program. Standard: nginx of the PATH.
	Binary Text `json:"binary,omitempty"`
	// Its main file. Standard: the one it was built with.
	Config Text `json:"config,omitempty"`
	// The file with the number of its master process. Standard: /run/nginx.pid.
	PID Text `json:"pid,omitempty"`
}

// HAProxy is an HAProxy that you run. docs/fronts.md shows what its configuration needs.
type HAProxy struct {
	// Its runtime socket, level admin.
	Socket Text `json:"socket" jsonschema:"required" example:"/run/haproxy/admin.sock"`
	// What the names of the two backends begin with: shop for shop_blue and shop_green.
	Backend Text `json:"backend" jsonschema:"required" example:"shop"`
	// The map file by which its frontend chooses between the two. Cutover keeps it.
	Map Text `json:"map" jsonschema:"required" example:"/etc/haproxy/cutover-shop.map"`
	// The server state file of both backends, which cutover keeps so that a reload forgets nothing.
	State Text `json:"state,omitempty"`
}

// foreign reports whether the front end is not cutover's own.
func (t Traffic) foreign() bool { return t.Driver == nginxDriver || t.Driver == haproxyDriver }

// ownMatters are the settings that carry out what a foreign front end does, or
// does not do, by its own configuration.
var ownMatters = []string{"tls", "limits", "trust", "pages", "assets", "backend", "hold"}

// validateForeign reports settings that do not fit the driver.
func (a *App) validateForeign(tell report) {
	t := a.Spec.Traffic
	for driver, given := range map[Driver]bool{nginxDriver: t.Nginx != nil, haproxyDriver: t.HAProxy != nil} {
		switch {
		case given && t.Driver != driver:
			tell(string(driver), fmt.Sprintf("another front end serves the app: driver is %s", t.Driver), fmt.Sprintf("write driver: %s, or remove this", driver))
		case !given && t.Driver == driver:
			tell("driver", fmt.Sprintf("nothing says where %s is", driver), fmt.Sprintf("write %s: {...} beside it, as docs/fronts.md shows", driver))
		}
	}
	if !t.foreign() {
		return
	}
	for _, name := range ownMatters {
		if a.doc.has("spec.traffic." + name) {
			tell(name, fmt.Sprintf("cutover's own proxy does that, and %s serves this app", t.Driver), fmt.Sprintf("set it up in the configuration of %s, and remove it here", t.Driver))
		}
	}
	if t.Nginx != nil {
		t.Nginx.validate(tell.in("nginx"))
		if string(t.Nginx.Proof) == t.Listen || string(t.Nginx.Proof) == t.PrivateGreen {
			tell("nginx.proof", "it is an address of the app", "choose another port")
		}
	}
	if t.HAProxy != nil {
		t.HAProxy.validate(tell.in("haproxy"))
		if t.PrivateGreen != "" {
			tell("privateGreen", "cutover opens no addresses in HAProxy", "write a frontend of your own that uses the green backend, and remove it here")
		}
	}
}

func (n Nginx) validate(tell report) {
	checkPaths(map[string]Text{"file": n.File, "log": n.Log, "binary": n.Binary, "config": n.Config, "pid": n.PID}, tell)
	checkAddress(string(n.Proof), "proof", tell)
	if n.Proof != "" && !isLoopback(string(n.Proof)) {
		tell("proof", fmt.Sprintf("others than this machine could read the route on %s", n.Proof), "write 127.0.0.1 before the port")
	}
}

func (h HAProxy) validate(tell report) {
	checkPaths(map[string]Text{"socket": h.Socket, "map": h.Map, "state": h.State}, tell)
	if b := string(h.Backend); b != "" && strings.Trim(b, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != "" {
		tell("backend", fmt.Sprintf("%q cannot begin the name of a backend", b), "use letters, digits, -, _ and .")
	}
}

// checkPaths reports paths that the configuration of a front end could not hold.
func checkPaths(paths map[string]Text, tell report) {
	for name, path := range paths {
		if strings.ContainsAny(string(path), " \t\n;{}\"'\\$") {
			tell(name, fmt.Sprintf("the path %q has signs that mean something to the front end", printable(string(path))), "choose one without blanks, quotes, braces and ;")
		}
	}
}

// foreignFront is the front of an app that cutover's own proxy does not serve.
func (t Traffic) foreignFront(dir string) release.Front {
	f := release.Front{
		Driver: string(t.Driver), Listen: t.Listen, Hosts: t.Hosts, Path: t.Path, PrivateListen: t.PrivateGreen,
		Sticky:      release.Sticky{Header: t.Affinity.Header, Cookie: t.Affinity.Cookie, Off: t.Affinity.Off},
		StreamGrace: time.Duration(t.StreamGrace), StreamSpread: time.Duration(t.StreamSpread),
	}
	at := func(path Text) string {
		if path == "" || filepath.IsAbs(string(path)) {
			return string(path)
		}
		return filepath.Join(dir, string(path))
	}
	if n := t.Nginx; n != nil {
		binary := string(n.Binary)
		if strings.Contains(binary, "/") {
			binary = at(n.Binary)
		}
		f.Nginx = release.Nginx{File: at(n.File), Log: at(n.Log), Proof: string(n.Proof), Binary: binary, Config: at(n.Config), PID: at(n.PID)}
	}
	if h := t.HAProxy; h != nil {
		f.HAProxy = release.HAProxy{Socket: at(h.Socket), Backend: string(h.Backend), Map: at(h.Map), State: at(h.State)}
	}
	return f
}

// validateFront reports what a release asks of a front end that cannot do it.
func (r *Release) validateFront(a *App) {
	t := a.Spec.Traffic
	if !t.foreign() {
		return
	}
	if r.Spec.Strategy.Shadow != nil || r.Spec.Strategy.Type == "shadow" {
		path := "spec.strategy.shadow"
		if r.Spec.Strategy.Shadow == nil || !r.doc.has(path) {
			path = "spec.strategy.type"
		}
		r.doc.report(path, fmt.Sprintf("%s serves %s, and cannot copy requests for a shadow without users waiting for it", t.Driver, a.Metadata.Name),
			"remove the shadow and begin with a small step, or serve the app with driver: embedded")
	}
	if t.Driver == haproxyDriver && r.Spec.Guard.Slower != release.AnySlower {
		r.doc.report("spec.guard.slower", "HAProxy does not tell how long the answers of each side took, so a release would wait for that for ever",
			"write guard: {slower: any}, and watch the latency by spec.signals")
	}
}

// front says what the front end of an app cannot do.
func (l lint) front(t Traffic) {
	f := t.front(l.doc.source.dir)
	if lacks := f.Lacks(); len(lacks) > 0 {
		l.warn("front-limits", "spec.traffic.driver", string(t.Driver)+" cannot do all that cutover's own proxy does: "+strings.Join(lacks, "; "),
			"set it up with "+strings.Join(f.Advice(), "; ")+"; or write driver: embedded; docs/fronts.md has more")
	}
}
