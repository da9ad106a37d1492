package soaktest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"text/template"

	"cutover/internal/release"
)

// sort is a sort of release.
type sort string

// The sorts.
const (
	good  sort = "good, retired"
	bad   sort = "fails 30% of its requests"
	crash sort = "crashes after 2 s"
	back  sort = "good, rolled back from standby"
)

// story is one release.
type story struct {
	sort
	version string
	// change is the file of the schema change it brings, if any.
	change string
}

func (s story) release() string { return "shop-" + s.version }

// verb is what a person asks for once the release stands by.
func (s story) verb() release.Verb {
	switch s.sort {
	case good:
		return release.VerbRetire
	case back:
		return release.VerbRollback
	}
	return ""
}

// ends is where it has to come out, unless a fault takes it back.
func (s story) ends() release.Phase {
	if s.sort == good {
		return release.Done
	}
	return release.RolledBack
}

// teller tells one story after the other, drawn from a seed.
type teller struct {
	dice *rand.Rand
	told int
	deck []sort
	// split says that the app's table has its second shape for good.
	split bool
}

// next returns the next story. As long as v1 stands each brings the change
// that the later versions need; after that every second one brings a column.
func (t *teller) next() story {
	if len(t.deck) == 0 {
		t.deck = []sort{good, good, bad, back, crash, good, back, bad}
		t.dice.Shuffle(len(t.deck), func(a, b int) { t.deck[a], t.deck[b] = t.deck[b], t.deck[a] })
	}
	t.told++
	s := story{sort: t.deck[0], version: fmt.Sprintf("v%d", t.told+1)}
	t.deck = t.deck[1:]
	switch {
	case !t.split:
		s.change = "split.change"
	case t.dice.IntN(2) == 0:
		s.change = s.version + ".change"
	}
	return s
}

// The app and its releases, as a person would write them, with holds that are
// just long enough for evidence.
const (
	appFile = `apiVersion: cutover/v1
kind: App
metadata: {name: shop}
spec:
  components:
    web:
      command: ["{{.Program}}", ` + shopCommand + `]
      replicas: 2
      health: {path: /health, every: 200ms}
      stop: {grace: 5s}
  config:
    env: {` + markVariable + `: "{{.Mark}}", ` + dialsVariable + `: "{{.Dials}}", GORACE: "atexit_sleep_ms=0", SAMPLE_DATABASE: "{{.Database}}", SAMPLE_REQUEST_LOG: "{{.Log}}"}
  database: {type: sqlite, url: "{{.Database}}"}
  traffic: {listen: "{{.Listen}}", streamGrace: 1s, streamSpread: 500ms}
`
	releaseFile = `apiVersion: cutover/v1
kind: Release
metadata: {name: "shop-{{.Version}}", app: shop}
spec:
  to: {version: "{{.Version}}", env: {SAMPLE_FAIL_SHARE: "{{.Fails}}"{{if .Crash}}, SAMPLE_CRASH_AFTER: 2s{{end}}}}
{{- if .Change}}
  schema: {change: "{{.Change}}", pace: full}
{{- end}}
  strategy:
    type: canary
    steps: [25, 50, 100]
    hold: {atLeast: 500ms, atLeastRequests: 60, atMost: 1h}
    soak: {atLeast: 500ms, atLeastRequests: 60, atMost: 1h}
    standby: 24h
  ready: {within: 25m, settle: 300ms}
  checks:
    smoke: [{http: /health}, {http: {path: /version}, expect: {status: 200}}]
  guard: {minRequests: 30, margin: 5%}
  drain: {wait: 30s}
`
	columnFile = `operations:
  - add_column:
      table: address
      column: {name: "note_{{.Version}}", type: TEXT, nullable: true}
      up: "'of {{.Version}}'"
`
)

func fill(text string, data any) string {
	var b strings.Builder
	if err := template.Must(template.New("").Parse(text)).Execute(&b, data); err != nil {
		panic(err)
	}
	return b.String()
}
