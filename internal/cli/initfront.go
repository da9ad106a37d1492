package cli

import (
	"fmt"
	"strings"

	"cutover/internal/release"
	"cutover/internal/traffic"
	"cutover/internal/traffic/haproxy"
	"cutover/internal/traffic/nginx"
)

// starterFront is what a first file says of the front that serves the app.
type starterFront struct {
	// Traffic goes below spec.traffic, Steps and Guard into the release.
	Traffic, Steps, Guard string
	// Beside are files of the front's own configuration, by their names.
	Beside map[string]string
	// Next says what is to be done with them.
	Next string
}

// frontOf returns what `init --front` writes for a front.
func (f starterFlags) frontOf() (starterFront, error) {
	switch f.Driver {
	case traffic.Embedded:
		return starterFront{Traffic: fmt.Sprintf(`{listen: "%s"}`, f.Listen), Steps: "[10, 50, 100]"}, nil
	case release.NginxDriver:
		return f.behindNginx(), nil
	case release.HAProxyDriver:
		return f.behindHAProxy(), nil
	}
	return starterFront{}, usage("there is no front %q; there is: %s", f.Driver, frontNames)
}

func (f starterFlags) behindNginx() starterFront {
	n := nginx.Standard(f.App)
	own, first := "nginx-"+f.App+".conf", "cutover-"+f.App+".conf"
	return starterFront{
		Traffic: fmt.Sprintf(`
    driver: nginx
    listen: "%s"  # where users connect to nginx
    nginx: {file: %s, log: %s, proof: "%s"}`, f.Listen, n.File, n.Log, n.Proof),
		Steps:  "[10, 100]", // each is a reload
		Beside: map[string]string{own: nginx.Example(f.App, f.Listen, n), first: nginx.Starter(f.App)},
		Next:   fmt.Sprintf("copy %s to %s, and include %s within http {} of nginx's configuration; docs/fronts.md explains it", first, n.File, own),
	}
}

func (f starterFlags) behindHAProxy() starterFront {
	h := haproxy.Standard(f.App)
	own := "haproxy-" + f.App + ".cfg"
	return starterFront{
		Traffic: fmt.Sprintf(`
    driver: haproxy
    listen: "%s"  # where users connect to HAProxy
    haproxy: {socket: %s, backend: %s, map: %s, state: %s}`, f.Listen, h.Socket, h.Backend, h.Map, h.State),
		Steps:  "[10, 50, 100]",
		Guard:  "\n  guard: {slower: any}  # HAProxy does not tell how long each side takes",
		Beside: map[string]string{own: haproxy.Example(f.Listen, h)},
		Next:   fmt.Sprintf("add %s to HAProxy's configuration (haproxy -f haproxy.cfg -f %s), and make the empty files %s and %s; docs/fronts.md explains it", own, own, h.Map, h.State),
	}
}

// frontNames are what --front takes.
var frontNames = strings.Join([]string{traffic.Embedded, release.NginxDriver, release.HAProxyDriver}, ", ")
