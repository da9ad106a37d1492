// Package file reads load scenarios: YAML files with kind: Load. What is wrong
// with one is told with place, reason and cure, as for all files of cutover.
package file

import (
	"reflect"

	"cutover/internal/config"
)

// Kind is what such a file says it is.
const Kind = "Load"

// document is the file as it is written. Its tags say what it may hold.
type document struct {
	// The form of this document.
	APIVersion string `json:"apiVersion" jsonschema:"required,enum=cutover/v1"`
	// What this document is.
	Kind string `json:"kind" jsonschema:"required,enum=Load"`
	// How this load is called.
	Metadata metadata `json:"metadata" jsonschema:"required" example:"{name: front-page}"`
	// What is sent, how much of it, and what must come out.
	Spec spec `json:"spec" jsonschema:"required" example:"{rate: 100/s, for: 30s, scenarios: {visit: {steps: [{page: /}]}}}"`
}

type metadata struct {
	// What results call the load.
	Name config.Text `json:"name" jsonschema:"required" example:"front-page"`
}

type spec struct {
	// The URL of what is loaded: scheme, host and port. The command line can give it.
	Target string `json:"target"`
	// Another URL, that gets the same load in the same seconds and is compared with.
	Against string `json:"against"`
	// Hosts, without port, that may be loaded although they are not this machine.
	Allow []config.Text `json:"allow"`
	// The open model: iterations a second, such as 100/s, or 10/s..100/s to go from one to the other.
	Rate config.Text `json:"rate"`
	// The closed model: how many users there are, such as 500, or 0..500.
	Users config.Text `json:"users"`
	// How long; with iterations, at most.
	For config.Duration `json:"for"`
	// Rates or numbers of users one after the other, in place of rate, users and for.
	Stages []stage `json:"stages"`
	// The load ends after so many iterations.
	Iterations int `json:"iterations" jsonschema:"minimum=1"`
	// How long from the beginning nothing is measured.
	WarmUp config.Duration `json:"warmUp"`
	// How many iterations may be under way in the open model; more are dropped.
	InFlight int `json:"inFlight" jsonschema:"default=1000,minimum=1,maximum=20000"`
	// The limit of one request.
	Timeout config.Duration `json:"timeout" jsonschema:"default=10s"`
	// Whether connections are kept for further requests, or new for each.
	Connections string `json:"connections" jsonschema:"default=kept,enum=kept,enum=new"`
	// Another seed makes other choices of scenarios and think times.
	Seed int `json:"seed" jsonschema:"minimum=0"`
	// Values for {{name}} in requests. A value may be env:NAME or file:PATH.
	Variables map[string]config.Text `json:"variables"`
	// What users do, by name.
	Scenarios map[string]scenario `json:"scenarios" jsonschema:"required" example:"{visit: {steps: [{page: /}]}}"`
	// What must come out, such as p99 < 300ms.
	Thresholds []config.Text `json:"thresholds"`
}

type stage struct {
	Rate  config.Text     `json:"rate"`
	Users config.Text     `json:"users"`
	For   config.Duration `json:"for" jsonschema:"required" example:"30s"`
}

type scenario struct {
	// Its share among the weights of all scenarios.
	Weight int `json:"weight" jsonschema:"default=1,minimum=1,maximum=1000000"`
	// A CSV file whose columns become variables.
	Data *data `json:"data"`
	// What each user does once, before the first iteration.
	Login []step `json:"login"`
	// What a user does in one iteration.
	Steps []step `json:"steps" jsonschema:"required" example:"[{page: /}]"`
}

type data struct {
	File string `json:"file" jsonschema:"required" example:"users.csv"`
	// Who takes the next row: each user, for good, or each iteration.
	// Without, it is user where there is a login.
	Per string `json:"per" jsonschema:"enum=user,enum=iteration"`
}

// ShortKey implements config.Shortened.
func (data) ShortKey() string { return "file" }

type step struct {
	// What results call it; without, method and path.
	Name config.Text `json:"name"`
	HTTP *request    `json:"http"`
	Page *page       `json:"page"`
	// A pause, such as 1s, or 1s..3s to draw from.
	Think   config.Text        `json:"think"`
	Expect  expect             `json:"expect"`
	Capture map[string]capture `json:"capture"`
}

type request struct {
	Method  string                 `json:"method" jsonschema:"default=GET,enum=GET,enum=HEAD,enum=POST,enum=PUT,enum=PATCH,enum=DELETE,enum=OPTIONS"`
	Path    string                 `json:"path" jsonschema:"required" example:"/health"`
	Headers map[string]config.Text `json:"headers"`
	Form    map[string]config.Text `json:"form"`
	Body    string                 `json:"body"`
}

// ShortKey implements config.Shortened.
func (request) ShortKey() string { return "path" }

type page struct {
	Path    string                 `json:"path" jsonschema:"required" example:"/"`
	Headers map[string]config.Text `json:"headers"`
	// What is fetched with the page; without, what its HTML names.
	Assets []string `json:"assets"`
}

// ShortKey implements config.Shortened.
func (page) ShortKey() string { return "path" }

type expect struct {
	// The accepted status, or a list of them; without, all below 400.
	Status config.Statuses `json:"status"`
	// Paths such as $.result[0].name with the value each must have.
	JSON map[string]config.Text `json:"json"`
	// A regular expression the body must match.
	Regexp string `json:"regexp"`
}

// ShortKey implements config.Shortened.
func (expect) ShortKey() string { return "status" }

type capture struct {
	Regexp string `json:"regexp"`
	JSON   string `json:"json"`
	Header string `json:"header"`
}

// ShortKey implements config.Shortened.
func (capture) ShortKey() string { return "regexp" }

// Form returns the type whose tags say what a file may hold, for the schema
// that editors read.
func Form() reflect.Type { return reflect.TypeFor[document]() }
