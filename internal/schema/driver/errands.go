package driver

import (
	"errors"

	"cutover/internal/release"
	"cutover/internal/schema/native"
)

// Errands are the app's own migrations as commands that could be run, with the
// new version's environment.
type Errands struct {
	// Up are the commands of the upgrade in their order, Down those of the
	// downgrade, none if nothing is given that undoes the upgrade.
	Up, Down []native.Leg
	Budget   native.Budget
}

// Errands prepares the native migrations of an order without running them.
func (d *Driver) Errands(o release.SchemaOrder) (Errands, error) {
	if !o.Schema.IsNative() {
		return Errands{}, errors.New("the change has no migrations of the app's own")
	}
	url, err := resolve(o.Database)
	if err != nil {
		return Errands{}, err
	}
	s, err := d.native(o, url)
	if err != nil {
		return Errands{}, err
	}
	up, down := s.migration.Legs()
	return Errands{Up: up, Down: down, Budget: s.budget}, nil
}
