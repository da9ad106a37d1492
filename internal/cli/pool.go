package cli

import (
	"context"
	"time"

	"cutover/internal/metrics/postgres"
	"cutover/internal/release"
)

// roomLimit bounds the look at how many connections a database has.
const roomLimit = 30 * time.Second

// poolFits says why both versions of a plan together would not fit the
// connections of their database, and what helps.
func poolFits(ctx context.Context, p release.Plan) error {
	servers, err := poolerFits(ctx, p)
	if err != nil {
		return err
	}
	if p.Database.Pool.PerInstance == 0 || p.Database.Driver != release.PostgreSQL {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, roomLimit)
	defer cancel()
	all, kept, others, err := postgres.Room(ctx, p.Database.URL)
	if err != nil {
		return err
	}
	return p.FitsIn(release.Room{Max: all, Kept: kept, Others: others, Pools: servers})
}
