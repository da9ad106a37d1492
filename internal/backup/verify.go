package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"cutover/internal/backup/scratch"
	"cutover/internal/durable"
)

// ScratchPrefix begins the names of databases that Verify makes.
const ScratchPrefix = "cutover_verify_"

// Verify proves that a backup can be restored: it brings it into a scratch
// database on the server given, compares every table with what was saved, and
// drops the database again, and with it what earlier calls that were killed
// have left. The proof is added to the backup's record and to
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
	connect := func(ctx context.Context) (*pgx.Conn, error) { return maintenance(ctx, server) }
	if _, err := scratch.Sweep(ctx, connect, ScratchPrefix); err != nil {
		return "", fmt.Errorf("remove what an earlier try left: %w", err)
	}
	db, err := scratch.Claim(ctx, connect, ScratchPrefix)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Drop()) }()
	to, err := server.Database(db.Name)
	if err != nil {
		return "", err
	}
	err = b.Locale.Make(func(options string) error { return db.Make(ctx, options, "verifies the backup "+b.Name) })
	if err != nil {
		return "", err
	}
	return f.load(ctx, b, to, false)
}
