package config

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Adoption returns a bundle whose one release, of that name, takes in a version
// of an app that runs already: nothing is compared and nothing is held, because
// nothing changes for it. addresses are where it answers if the app's runtime
// is static. With "" as app, the only app there is.
func (b *Bundle) Adoption(name, app, version string, addresses []string) (*Bundle, error) {
	if app == "" && len(b.Apps) == 1 {
		app = b.Apps[0].Metadata.Name
	}
	a, ok := b.App(app)
	if !ok {
		return nil, fmt.Errorf("find the app %q: the files have %d; name one", app, len(b.Apps))
	}
	var text strings.Builder
	quote := func(v any) string {
		data, _ := json.Marshal(v) // strings always have a form in JSON, which is YAML too
		return string(data)
	}
	fmt.Fprintf(&text, "apiVersion: %s\nkind: Release\nmetadata: {name: %s, app: %s}\n", APIVersion, quote(name), quote(app))
	fmt.Fprintf(&text, "spec:\n  to: {version: %s", quote(version))
	if len(addresses) > 0 && a.Spec.Runtime.Type == runtimeStatic {
		fmt.Fprintf(&text, ", addresses: %s", quote(addresses))
	}
	text.WriteString("}\n  strategy: {type: blue-green, soak: {atLeast: 0s, atLeastRequests: 0}}\n  ready: {settle: 0s}\n")
	sub := &Bundle{Apps: []*App{a}}
	sub.read(newSource("adopt", []byte(text.String()), a.doc.source.dir), []byte(text.String()))
	return sub.finish(Loader{Loads: b.loads, AcceptSignal: b.acceptSignal})
}
