package engine

import (
	"context"
	"errors"
	"slices"
	"testing"

	"cutover/internal/release"
)

// restoring returns the plan that brings v1 back with the backup of r2.
func (h *house) restoring(c *controller) release.Plan {
	h.Helper()
	h.stand(c)
	h.deploy(c, h.migrating(c, "r2", "v2"))
	h.untilPhase(c, "r2", release.Done)
	v, _ := c.View("r2")
	p, err := release.FullRollback(v.State, "r2-back")
	if err != nil {
		h.Fatal(err)
	}
	return p
}

func TestAFullRollbackReplacesTheDatabaseWhileNothingRuns(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.deploy(one, h.restoring(one))
		h.untilPhase(one, "r2-back", release.Standby)
		h.sees(alone(release.Blue, "v1"))
		calls := h.world.database.seen()
		if got, want := calls[len(calls)-3:], []string{"backup", "restore-beside", "replace-database"}; !slices.Equal(got, want) {
			h.Errorf("the database was told to %q, want %q", got, want)
		}
		stop, exchange := h.world.ordersOf(release.ActStop), h.world.ordersOf(release.ActExchange)[0]
		start := h.world.ordersOf(release.ActStart)
		if !stop[len(stop)-1].at.Before(exchange.at) || !exchange.at.Before(start[len(start)-1].at) {
			h.Errorf("the database was replaced at %s, the last stop was at %s, the last start at %s", exchange.at, stop[len(stop)-1].at, start[len(start)-1].at)
		}
		h.balanced("r2-back")
	})
}

func TestAFullRollbackCanItselfBeTakenBack(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		h.deploy(one, h.restoring(one))
		h.untilPhase(one, "r2-back", release.Standby)
		h.request(one, "r2-back", release.VerbRollback)
		h.untilPhase(one, "r2-back", release.RolledBack)
		h.sees(alone(release.Green, "v2"))
		if h.world.database.exchanged {
			h.Errorf("the database is still the backup's")
		}
		h.balanced("r2-back")
	})
}

func TestADatabaseThatCannotBeReplacedIsLeftAndThePresentVersionServesAgain(t *testing.T) {
	t.Parallel()
	inHouse(t, func(h *house) {
		one := h.open("one")
		p := h.restoring(one)
		h.world.change(func() {
			h.world.before = func(_ context.Context, o order) error {
				if o.kind == release.ActExchange {
					return errors.New("must be owner of database shop")
				}
				return nil
			}
		})
		h.deploy(one, p)
		h.untilPhase(one, "r2-back", release.RolledBack)
		h.sees(alone(release.Green, "v2"))
	})
}
