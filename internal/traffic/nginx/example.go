package nginx

import (
	"strings"

	"cutover/internal/release"
)

// Standard is where an app's files lie if nothing speaks for another place.
func Standard(app string) release.Nginx {
	return release.Nginx{File: "/etc/nginx/cutover/" + app + ".conf", Log: "/var/log/nginx/cutover-" + app + ".log", Proof: "127.0.0.1:8099"}
}

// example is the user's part of the configuration, as docs/fronts.md explains it.
const example = `# For nginx: include this file within http {} of its configuration. Before that, once:
#   mkdir -p FOLDER && cp cutover-APP.conf FILE
# and beside http {}, longer than your longest request (it ends streams):
#   worker_shutdown_timeout 10m;
include FILE;
server {
    listen LISTEN;
    keepalive_timeout 0;                      # a reload then costs nobody a request
    location / {
        proxy_pass http://$VARIABLE;      # without a path behind it
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        access_log LOG VARIABLE;
    }
}
`

// Example is what the user's own configuration needs to serve an app on an
// address, host:port, with the files where n says.
func Example(app, listen string, n release.Nginx) string {
	folder := n.File[:max(strings.LastIndexByte(n.File, '/'), 0)]
	return strings.NewReplacer("FOLDER", folder, "FILE", n.File, "LISTEN", listen, "VARIABLE", variable(app), "LOG", n.Log, "APP", app).Replace(example)
}
