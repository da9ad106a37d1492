package haproxy

import (
	"strings"

	"cutover/internal/release"
)

// Standard is where an app's files lie if nothing speaks for another place.
func Standard(app string) release.HAProxy {
	return release.HAProxy{Socket: "/run/haproxy/admin.sock", Backend: app, Map: "/etc/haproxy/cutover/" + app + ".map", State: "/etc/haproxy/cutover/" + app + ".state"}
}

// example is the user's part of the configuration, as docs/fronts.md explains it.
const example = `# For HAProxy: one more file of its configuration, after its own (mode http). Before that, once:
#   mkdir -p FOLDER && touch MAP STATE
global
    stats socket SOCKET mode 600 level admin expose-fd listeners
    hard-stop-after 10m
frontend BACKEND
    bind LISTEN
    # Who it is: the address, or better what stays with the user.
    http-request set-var(txn.cutover_who) src
    http-request set-var(txn.cutover_who) req.cook(sid) if { req.cook(sid) -m found }
    http-request set-var(txn.cutover_salt) str(salt),map_str(MAP,-)
    http-request set-var(txn.cutover_green) str(green),map_str(MAP,0),add(0)
    http-request set-var(txn.cutover_at) var(txn.cutover_salt),concat(:,txn.cutover_who),xxh32,mod(10000),sub(txn.cutover_green)
    use_backend BACKEND_green if { var(txn.cutover_at) -m int lt 0 }
    default_backend BACKEND_blue
backend BACKEND_blue
    server-state-file-name STATE
    load-server-state-from-file local
    server-template blue 1-8 127.0.0.1:9 disabled  # twice as many as replicas
backend BACKEND_green
    server-state-file-name STATE
    load-server-state-from-file local
    server-template green 1-8 127.0.0.1:9 disabled
`

// Example is what the user's own configuration needs to serve an app on an
// address, host:port, with the files where h says.
func Example(listen string, h release.HAProxy) string {
	folder := h.Map[:max(strings.LastIndexByte(h.Map, '/'), 0)]
	return strings.NewReplacer("FOLDER", folder, "SOCKET", h.Socket, "BACKEND", h.Backend, "MAP", h.Map, "STATE", h.State, "LISTEN", listen).Replace(example)
}
