package crashtest

import (
	"fmt"
	"strings"
	"text/template"

	"cutover/internal/release"
)

// story is one release of the shop, from standing v1.
type story struct {
	name    string
	version string
	// fails is the share of requests that the version fails.
	fails float64
	// verb is what a person asks for once the release stands by, if anything.
	verb release.Verb
	ends release.Phase
}

var (
	goodRelease = story{name: "good", version: "v2", verb: release.VerbRetire, ends: release.Done}
	badRelease  = story{name: "bad", version: "v3", fails: 0.3, ends: release.RolledBack}
	takenBack   = story{name: "back", version: "v4", verb: release.VerbRollback, ends: release.RolledBack}
)

// expected is the ending that follows from the story alone; the way there is
// not part of it.
func (s story) expected() ending {
	e := ending{Phase: s.ends, Serves: "v1", Side: release.Blue, Rejected: []string{s.version}, Served: "v1"}
	if s.ends == release.Done {
		e.Serves, e.Side, e.Rejected, e.Served = s.version, release.Green, nil, s.version
	}
	e.Running = map[string]int{"proxy": 1, fmt.Sprintf("shop %s (%s)", e.Serves, e.Side): 2}
	e.Platform = map[string]int{sight(release.Instance{Version: e.Serves, Side: e.Side, Alive: true, Ready: true}): 2}
	e.Columns = "id,street; triggers: 0"
	if s.ends == release.Done && s.version != "v1" {
		e.Columns = "id,street_name,house_number; triggers: 0"
	}
	*e.Routed.Of(e.Side) = "100% to 2 endpoints, 2 of them instances that are ready"
	*e.Routed.Of(e.Side.Other()) = "0% to 0 endpoints, 0 of them instances that are ready"
	return e
}

func (s story) release() string { return "shop-" + s.version }

// The app and its releases, as a person would write them, with holds that are
// just long enough for evidence at a hundred requests a second.
const (
	appFile = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web:
      command: ["{{.Program}}", demo, shop]
      replicas: 2
      health: {path: /health, every: 200ms}
      stop: {grace: 15s}
  config:
    env: {` + markVariable + `: "{{.Mark}}", GORACE: "` + goRace + `", SAMPLE_DATABASE: "{{.Database}}"}
  database: {type: sqlite, url: "{{.Database}}"}
  traffic: {listen: "{{.Listen}}", streamGrace: 300ms, streamSpread: 200ms}
`
	releaseFile = `apiVersion: cutover/v1
kind: Release
metadata: {name: "shop-{{.Version}}", app: shop}
spec:
  to: {version: "{{.Version}}", env: {SAMPLE_FAIL_SHARE: "{{.Fails}}"}}
{{- if ne .Version "v1"}}
  schema: {change: address.change, pace: full}
{{- end}}
  strategy:
    type: canary
    steps: [50, 100]
    hold: {atLeast: 200ms, atLeastRequests: 60, atMost: 1h}
    soak: {atLeast: 200ms, atLeastRequests: 60, atMost: 1h}
    standby: 24h
  ready: {within: 25m, settle: 200ms}
  checks:
    smoke: [{http: /health}, {http: {path: /version}, expect: {status: 200}}]
  guard: {minRequests: 30, margin: 5%}
  drain: {wait: 30s}
`
)

func fill(text string, data any) string {
	var b strings.Builder
	if err := template.Must(template.New("").Parse(text)).Execute(&b, data); err != nil {
		panic(err)
	}
	return b.String()
}
