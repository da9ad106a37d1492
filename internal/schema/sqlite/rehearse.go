package sqlite

import (
	"context"
	"fmt"
	"strings"

	"cutover/internal/schema"
)

// rehearse carries the change out on an empty copy of the schema in memory,
// with the statements that will run on the real one, and then takes it back
// on another. SQLite itself says so what depends on what the change removes.
func (s *session) rehearse(ctx context.Context) (problem, err error) {
	objects, err := s.list(ctx, `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow') ORDER BY type = 'trigger', rowid`)
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	for _, way := range []struct {
		name string
		end  func(*session, context.Context) error
	}{{"contract", (*session).contractAll}, {"revert", (*session).revertAll}} {
		m, err := s.memory(ctx)
		if err != nil {
			return nil, err
		}
		problem, err := m.play(ctx, objects, way.end)
		m.close()
		if err != nil {
			return nil, err
		}
		if problem != nil {
			return fmt.Errorf("tried on an empty copy of the schema up to %s: %w", way.name, problem), nil
		}
	}
	return nil, nil
}

// memory returns a session on an empty database in memory.
func (s *session) memory(ctx context.Context) (*session, error) {
	empty := &Engine{Path: "a copy of " + s.Path + " in memory", Rewrite: -1}
	return empty.connect(ctx, s.change, "file::memory:", "memory")
}

// play brings an empty database to the schema given, and the change to its end
// in it. The problem is the change's, the error is not.
func (s *session) play(ctx context.Context, objects []string, end func(*session, context.Context) error) (problem, err error) {
	for _, text := range objects {
		if err := s.exec(ctx, text); err != nil {
			return nil, fmt.Errorf("copying the schema to try the change on it: %w", err)
		}
	}
	if err := s.expandAll(ctx); err != nil {
		return err, nil
	}
	if err := s.backfillAll(ctx, schema.Position{}, nil); err != nil {
		return err, nil
	}
	if err := end(s, ctx); err != nil {
		return err, nil
	}
	return s.whole(ctx), nil
}

// whole looks for views and triggers that no longer fit: SQLite reads all of
// them when a column gets another name.
func (s *session) whole(ctx context.Context) error {
	err := s.exec(ctx, "CREATE TABLE cutover_whole (a)", "ALTER TABLE cutover_whole RENAME COLUMN a TO b", "DROP TABLE cutover_whole")
	if err != nil {
		return fmt.Errorf("what is left does not fit any more: %s", strings.SplitN(err.Error(), " in: ", 2)[0])
	}
	return nil
}
