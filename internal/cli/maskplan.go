package cli

import (
	"cutover/internal/environ"
	"cutover/internal/release"
)

// maskPlan takes the secrets that a plan's versions refer to out of a text: an
// app in trouble likes to repeat what it was given.
func maskPlan(p release.Plan, text string) string {
	var secrets []string
	for _, t := range []release.Target{p.From, p.To} {
		for _, v := range t.Artefact.Env {
			if v.Ref == "" {
				continue
			}
			// One that cannot be found was given to nobody.
			if value, err := environ.Resolve(v.Ref); err == nil {
				secrets = append(secrets, value)
			}
		}
	}
	return environ.Mask(text, secrets...)
}
