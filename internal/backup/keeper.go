package backup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"cutover/internal/environ"
	"cutover/internal/release"
)

// Keeper takes the backups that releases ask for. Each app has a folder of
// its own below Path.
type Keeper struct {
	Path string
	// Needed reports whether a backup may not go yet, whatever the retention
	// says: a release may still have to be taken back to it.
	Needed func(app, name string) bool
	// Warn hears what went wrong without making the backup worth less.
	Warn func(error)
}

// Of returns the folder of an app's backups.
func (k Keeper) Of(app string) Folder { return Folder{Path: filepath.Join(k.Path, app)} }

// Take saves what the order names, proves it if the order asks for that, and
// lets go of backups that are no longer to be kept. A backup that was taken
// under the same key already is returned as it is.
func (k Keeper) Take(ctx context.Context, o release.BackupOrder) (release.Saved, error) {
	source, err := SourceOf(o.Database)
	if err != nil {
		return release.Saved{}, fmt.Errorf("take a backup: %w", err)
	}
	f := k.Of(o.App)
	f.Label = o.Key
	b, err := f.labelled(o.Key)
	if errors.Is(err, errNone) {
		b, err = f.Take(ctx, source)
	}
	if err != nil {
		return release.Saved{}, err
	}
	if o.Backup.Verify && b.Verified == nil {
		if b, err = f.Verify(ctx, b, source); err != nil {
			return release.Saved{}, err
		}
	}
	// The backup is there; that old ones stay is no reason to fail.
	if _, err := f.Prune(Retention{Last: o.Backup.Keep, For: o.Backup.KeepFor}, func(old Backup) bool {
		return old.Name == b.Name || k.Needed == nil || k.Needed(o.App, old.Name)
	}); err != nil && k.Warn != nil {
		k.Warn(err)
	}
	return release.Saved{Name: b.Name, SHA256: b.SHA256, Bytes: b.Size, Rows: b.Content.Rows(), Verified: b.Verified != nil}, nil
}

// Observe looks how far a backup is on its way into the database's place.
func (k Keeper) Observe(ctx context.Context, o release.RestoreOrder) (release.RestoreWorld, error) {
	x, err := k.exchange(o)
	if err != nil {
		return release.RestoreWorld{}, err
	}
	stage, err := x.Look(ctx)
	if err != nil {
		return release.RestoreWorld{}, err
	}
	w := release.RestoreWorld{Known: true, Prepared: stage >= Prepared, Exchanged: stage == Exchanged}
	if w.Exchanged {
		w.Aside, err = x.Aside()
	}
	return w, err
}

// Prepare restores the backup beside the database.
func (k Keeper) Prepare(ctx context.Context, o release.RestoreOrder) error {
	return k.with(o, func(x Exchange) error { return x.Prepare(ctx) })
}

// Exchange puts what was prepared in the place of the database.
func (k Keeper) Exchange(ctx context.Context, o release.RestoreOrder) error {
	return k.with(o, func(x Exchange) error { return x.Replace(ctx) })
}

// ExchangeBack puts the database that was kept aside back in its place.
func (k Keeper) ExchangeBack(ctx context.Context, o release.RestoreOrder) error {
	return k.with(o, func(x Exchange) error { return x.Back(ctx) })
}

func (k Keeper) with(o release.RestoreOrder, do func(Exchange) error) error {
	x, err := k.exchange(o)
	if err != nil {
		return err
	}
	return do(x)
}

func (k Keeper) exchange(o release.RestoreOrder) (Exchange, error) {
	live, err := SourceOf(o.Database)
	if err != nil {
		return Exchange{}, err
	}
	f := k.Of(o.App)
	b, err := f.Open(o.Backup)
	return Exchange{Folder: f, Backup: b, Live: live, Key: o.Release}, err
}

// SourceOf returns where a database is, its reference resolved.
func SourceOf(db release.Database) (Source, error) {
	if db.Driver != release.PostgreSQL {
		return Source{}, fmt.Errorf("a database of type %s cannot be saved: only postgres can", db.Driver)
	}
	url, err := environ.Value(db.URL)
	if err != nil {
		return Source{}, fmt.Errorf("find the database: %w", err)
	}
	return Source{URL: url}, nil
}

var errNone = errors.New("there is none")

// labelled returns the newest backup with this label.
func (f Folder) labelled(label string) (Backup, error) {
	all, err := f.List()
	for _, b := range all {
		if b.Label == label {
			return b, nil
		}
	}
	if err != nil {
		return Backup{}, err
	}
	return Backup{}, errNone
}
