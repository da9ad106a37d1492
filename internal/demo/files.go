package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

// appFile is the shop as a user would describe it.
var appFile = template.Must(template.New("app").Parse(`apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web:
      command: ["{{.Executable}}", demo, shop]
      replicas: 2
      health: {path: /health, every: 200ms}
      stop: {grace: 15s}
  traffic: {listen: "{{.Listen}}", streamGrace: 5s, streamSpread: 1s}
`))

// releaseFile is one release, with holds short enough to watch.
var releaseFile = template.Must(template.New("release").Parse(`apiVersion: cutover/v1
kind: Release
metadata: {name: shop-{{.}}, app: shop}
spec:
  to: {{.}}
  strategy:
    type: canary
    steps: [10, 50, 100]
    hold: {atLeast: 1s, atLeastRequests: 60, atMost: 1m}
    soak: {atLeast: 1s, atLeastRequests: 60, atMost: 1m}
    standby: 24h
  ready: {within: 20s, settle: 300ms}
  checks:
    smoke: [{http: /health}, {http: {path: /api/items}, expect: {status: 200}}]
  guard: {minRequests: 50, margin: 5%}
  drain: {wait: 15s}
`))

func (d *demo) writeApp() error {
	return writeFile(d.file("app"), appFile, struct{ Executable, Listen string }{d.Executable, d.listen})
}

func (d *demo) writeRelease(version string) (string, error) {
	path := d.file(version)
	return path, writeFile(path, releaseFile, version)
}

func (d *demo) file(name string) string { return filepath.Join(d.Dir, name+".yaml") }

func writeFile(path string, t *template.Template, data any) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the demo's files: %w", err)
	}
	defer f.Close()
	if err := t.Execute(f, data); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
