package sqlite

import (
	"context"

	"cutover/internal/schema"
)

// Verify reads every row that the change gives two shapes and says whether
// they agree: ErrNotVerified if not, with how many differ and where the first
// is. It changes nothing, records nothing and may run at any time while both
// shapes are there. It returns the tables it read.
func (e *Engine) Verify(ctx context.Context, c schema.Change) (tables []string, err error) {
	s, err := e.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer s.close()
	records, err := s.records(ctx)
	if err != nil {
		return nil, err
	}
	for i, r := range records {
		if !r.expanded() || r.contracted {
			continue
		}
		p, synced, err := s.pair(ctx, i, r.relaxed)
		if err != nil {
			return tables, err
		}
		if !synced || !p.needsTrigger() {
			continue
		}
		if err := s.verifyTable(ctx, p); err != nil {
			return tables, err
		}
		tables = append(tables, p.table.name)
	}
	return tables, nil
}
