package postgres

import (
	"context"
	"fmt"

	"cutover/internal/schema"
)

// Verify reads every row that the change gives two shapes and says whether
// they agree: ErrNotVerified if not, with how many differ and where the first
// is. It changes nothing, records nothing and may run at any time while both
// shapes are there. It returns the tables it read.
func (e *Engine) Verify(ctx context.Context, c schema.Change) (tables []string, err error) {
	conn, err := e.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting to verify the schema: %w", err)
	}
	s := &session{Engine: e, conn: conn, change: c}
	defer s.close()
	records, err := s.records(ctx)
	if err != nil {
		return nil, err
	}
	for i, r := range records {
		if r.expanded == nil || r.contracted != nil {
			continue
		}
		p, synced, err := s.pair(ctx, conn, i)
		if err != nil {
			return tables, err
		}
		if !synced || len(p.New) == 0 {
			continue
		}
		if err := s.verifyRows(ctx, p); err != nil {
			return tables, err
		}
		tables = append(tables, p.Table)
	}
	return tables, nil
}
