package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cutover/internal/durable"
)

// scratchPrefix begins the names of databases that Verify makes.
const scratchPrefix = "cutover_verify_"

// Verify proves that a backup can be restored: it brings it into a scratch
// database on the server given, compares every table with what was saved, and
// drops the database again. The proof is added to the backup's record and to
// the backup returned. ErrDamaged says that the backup is no good; any other
// error says that it could not be tried.
func (f Folder) Verify(ctx context.Context, b Backup, server Source) (Backup, error) {
	ctx, cancel := f.bounded(ctx)
	defer cancel()
	began := f.now()
	version, err := f.prove(ctx, b, server)
	if err != nil {
		return b, fmt.Errorf("verify %s: %w", b.Name, timely(ctx, err))
	}
	b.Verified = &Verification{At: began.UTC().Truncate(time.Millisecond), Took: f.now().Sub(began).Milliseconds(), Server: version}
	data, err := b.encode()
	if err != nil {
		return b, err
	}
	return b, durable.WriteFile(b.manifest(), data, 0o600)
}

func (f Folder) prove(ctx context.Context, b Backup, server Source) (version string, err error) {
	f.progress(Progress{Stage: Hashing})
	if err := b.whole(ctx); err != nil {
		return "", err
	}
	scratch, err := server.database(scratchPrefix + random())
	if err != nil {
		return "", err
	}
	if err := b.create(ctx, scratch); err != nil {
		return "", errors.Join(err, dropDatabase(scratch))
	}
	version, err = f.load(ctx, b, scratch, false)
	return version, errors.Join(err, dropDatabase(scratch))
}
