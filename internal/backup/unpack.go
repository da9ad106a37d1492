package backup

import (
	"context"
	"fmt"
)

// Unpack fills an empty database with what a backup holds, and does not
// compare as Restore does: it is for a copy to work with. Owners and rights
// come with it if owners says so; else extensions that the role may not create
// are left out. A damaged dump is ErrDamaged; on any error
// the database is empty.
func (f Folder) Unpack(ctx context.Context, b Backup, to Source, owners bool) error {
	ctx, cancel := f.bounded(ctx)
	defer cancel()
	err := b.whole(ctx)
	if err == nil {
		err = f.unpack(ctx, b, to, owners)
	}
	if err != nil {
		return fmt.Errorf("unpack %s: %w", b.Name, timely(ctx, err))
	}
	return nil
}
