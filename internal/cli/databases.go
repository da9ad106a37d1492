package cli

import (
	"context"
	"errors"
	"time"

	"cutover/internal/api"
	"cutover/internal/backup"
	"cutover/internal/rehearsal"
	"cutover/internal/release"
	"cutover/internal/schema"
	"cutover/internal/schema/driver"
)

// databases is what the API can ask about the apps' databases.
type databases struct {
	schema     *driver.Driver
	backups    backup.Keeper
	rehearsals rehearsals
}

// Verify implements api.Databases.
func (d databases) Verify(ctx context.Context, s release.State) (api.Verified, error) {
	began := time.Now()
	tables, err := d.schema.Verify(ctx, release.SchemaOrder{Stamp: release.Stamp{App: s.App}, Release: s.Release,
		Database: s.Plan.Database, Schema: s.Plan.Schema, To: s.Plan.To})
	v := api.Verified{Tables: append([]string{}, tables...), Agrees: err == nil, Took: time.Since(began)}
	if errors.Is(err, schema.ErrNotVerified) {
		v.Differs, err = err.Error(), nil
	}
	return v, err
}

// Backups implements api.Databases.
func (d databases) Backups(app string) ([]api.Backup, error) {
	all, err := d.backups.Of(app).List()
	list := []api.Backup{}
	for _, b := range all {
		list = append(list, d.described(app, b))
	}
	return list, err
}

// VerifyBackup implements api.Databases.
func (d databases) VerifyBackup(ctx context.Context, p release.Plan, name string) (api.Backup, error) {
	server, err := backup.SourceOf(p.Database)
	if err != nil {
		return api.Backup{}, err
	}
	f := d.backups.Of(p.App)
	b, err := f.Open(name)
	if err == nil {
		b, err = f.Verify(ctx, b, server)
	}
	return d.described(p.App, b), err
}

// Rehearse implements api.Databases.
func (d databases) Rehearse(ctx context.Context, p release.Plan, ask api.Rehearse) (rehearsal.Report, error) {
	return d.rehearsals.of(ctx, p, ask)
}

func (d databases) described(app string, b backup.Backup) api.Backup {
	out := api.Backup{Name: b.Name, Began: b.Began, SHA256: b.SHA256, Bytes: b.Size, Rows: b.Content.Rows(),
		For: b.Label, Needed: d.backups.Needed(app, b.Name)}
	if b.Verified != nil {
		out.Verified = b.Verified.At
	}
	return out
}

// needed reports whether a release may still have to be taken back to a
// backup: it is under way, or stands.
func (c *control) needed(app, name string) bool {
	standing := c.engine.Standing(app)
	for _, s := range c.engine.Releases() {
		mayGoBack := !s.Phase.Ended() || s.Release == standing.Plan.Release
		if s.App == app && mayGoBack && (s.Plan.Restore == name || s.Saved != nil && s.Saved.Name == name) {
			return true
		}
	}
	return false
}
