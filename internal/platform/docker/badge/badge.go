// Package badge has what containers and services of cutover say about
// themselves in their labels.
package badge

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"cutover/internal/environ"
	"cutover/internal/release"
)

// The labels by which instances are found and known. None has a secret.
const (
	LabelHouse     = "cutover.house"
	LabelApp       = "cutover.app"
	LabelInstance  = "cutover.instance"
	labelSide      = "cutover.side"
	labelComponent = "cutover.component"
	labelVersion   = "cutover.version"
	labelDigest    = "cutover.digest"
	labelOrder     = "cutover.order"
	labelFence     = "cutover.fence"
	labelSpec      = "cutover.spec"
)

// Badge is what is known of an instance without its artefact.
type Badge struct {
	// ID is the instance's name in the app, SIDE-NUMBER.
	ID        string
	Number    int
	Fence     uint64
	App       string
	Side      release.Side
	Component string
	Version   string
	Digest    string
	Spec      Spec
}

// Spec is what must be known to ask an instance for its readiness and to end it.
type Spec struct {
	Health release.Health `json:"health"`
	Stop   release.Stop   `json:"stop"`
	Port   int            `json:"port,omitempty"`
	Direct bool           `json:"direct,omitempty"`
	// Refs are the references to secrets, never their values. They serve to
	// mask the secrets where the program's output is shown.
	Refs []string `json:"refs,omitempty"`
}

// Of returns the badge of an order's instance with the given number.
func Of(order release.StartOrder, number int) Badge {
	a := order.Artefact
	return Badge{
		ID: fmt.Sprintf("%s-%d", order.Side, number), Number: number, Fence: order.Fence, App: order.App, Side: order.Side,
		Component: order.Component, Version: order.Version, Digest: order.Digest,
		Spec: Spec{Health: a.Health, Stop: a.Stop, Port: a.Container.Port, Direct: a.Container.Direct, Refs: environ.References(a)},
	}
}

// Labels says what b is. House marks the state folder it belongs to, key the
// order that made it.
func (b Badge) Labels(house, key string) (map[string]string, error) {
	text, err := json.Marshal(b.Spec)
	return map[string]string{
		LabelHouse: house, LabelApp: b.App, LabelInstance: b.ID, labelSide: string(b.Side), labelComponent: b.Component,
		labelVersion: b.Version, labelDigest: b.Digest, labelOrder: key, labelFence: strconv.FormatUint(b.Fence, 10), labelSpec: string(text),
	}, err
}

// form has the number by which instances are sorted.
var form = regexp.MustCompile(`^(?:blue|green)-([1-9][0-9]{0,8})$`)

// Read is the reverse of Labels. ok is false if somebody changed them.
func Read(labels map[string]string) (b Badge, ok bool) {
	b = Badge{
		ID: labels[LabelInstance], App: labels[LabelApp], Side: release.Side(labels[labelSide]),
		Component: labels[labelComponent], Version: labels[labelVersion], Digest: labels[labelDigest],
	}
	m := form.FindStringSubmatch(b.ID)
	fence, err := strconv.ParseUint(labels[labelFence], 10, 64)
	if m == nil || err != nil || !b.Side.Valid() || json.Unmarshal([]byte(labels[labelSpec]), &b.Spec) != nil {
		return b, false
	}
	b.Number, _ = strconv.Atoi(m[1])
	b.Fence = fence
	return b, true
}

// Worn is the badge itself, for those who wear it.
func (b Badge) Worn() Badge { return b }

// Secrets returns the values of the instance's references as far as they can
// be found now. They must never be stored, logged or shown.
func (b Badge) Secrets() []string {
	var values []string
	for _, ref := range b.Spec.Refs {
		if value, err := environ.Resolve(ref); err == nil {
			values = append(values, value)
		}
	}
	return values
}

// HealthCommand is the command of the instance's probe, with its placeholders
// filled in.
func (b Badge) HealthCommand() []string {
	fill := strings.NewReplacer("{{port}}", strconv.Itoa(b.Spec.Port), "{{version}}", b.Version, "{{app}}", b.App, "{{side}}", string(b.Side))
	argv := make([]string, len(b.Spec.Health.Command))
	for i, arg := range b.Spec.Health.Command {
		argv[i] = fill.Replace(arg)
	}
	return argv
}
