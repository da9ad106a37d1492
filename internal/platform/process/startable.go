package process

import (
	"fmt"

	"cutover/internal/release"
)

// Startable says why no instance of the order could be started here now: a
// program that is missing or may not be executed, a secret that cannot be
// resolved, a folder that is gone. It starts and changes nothing, and a later
// Start looks again.
func (p *Platform) Startable(order release.StartOrder) error {
	err := checkOrder(order)
	if err == nil && len(order.Artefact.Adopted) > 0 && len(order.Artefact.Command) == 0 {
		err = adoptable(order.Artefact.Adopted)
	} else if err == nil {
		_, err = p.program(order, "", "", 0)
	}
	if err != nil {
		return fmt.Errorf("no instance of %s %s could be started: %w", order.App, order.Version, err)
	}
	return nil
}
