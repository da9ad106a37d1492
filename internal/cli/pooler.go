package cli

import (
	"context"
	"errors"

	"cutover/internal/pooler"
	"cutover/internal/release"
)

// poolerFits says why the PgBouncer of a plan could not be used as the plan
// wants, and what helps, and returns how many server connections its pools
// open at most; 0 where there is none.
func poolerFits(ctx context.Context, p release.Plan) (int, error) {
	if !p.Database.Pooler.Used() {
		return 0, nil
	}
	if len(p.Database.Pooler.Around) > 0 {
		same, err := pooler.Leads(p.Database.URL, p.Database.Pooler.Console)
		switch {
		case err != nil:
			return 0, err
		case same:
			return 0, errors.New("database.url leads through the PgBouncer that is to be paused, so that cutover would wait for itself: write the address of the database server there")
		}
	}
	return pooler.Check(ctx, p)
}
