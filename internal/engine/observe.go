package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cutover/internal/release"
)

// lookTimeout bounds one look at the platform or at the front. What does not
// answer in that time is not known.
const lookTimeout = 5 * time.Second

// observe looks at everything that concerns a release. What fails to answer is
// marked as not known, and why is returned for people to read.
func (e *Engine) observe(ctx context.Context, s release.State) (release.World, []string) {
	w := release.World{Now: e.now()}
	var wg sync.WaitGroup
	var platformErr, trafficErr, schemaErr, restoreErr error
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	wg.Go(func() { platformErr = e.lookAtInstances(ctx, s.App, &w) })
	wg.Go(func() { w.Traffic, trafficErr = e.Traffic.Observe(ctx, s.App) })
	if e.Schema != nil && s.WatchesSchema() {
		wg.Go(func() { w.Schema, schemaErr = e.Schema.Observe(ctx, schemaOrder(s, release.Stamp{App: s.App})) })
	}
	if e.Backups != nil && s.Plan.Strategy == release.Restore && !s.Phase.Ended() {
		wg.Go(func() { w.Restore, restoreErr = e.Backups.Observe(ctx, restoreOrder(s, release.Stamp{App: s.App})) })
	}
	var cacheErr error
	if s.Plan.Cache.Used() && !s.Phase.Ended() {
		wg.Go(func() { w.Cache, cacheErr = e.lookAtCache(ctx, s) })
	}
	wg.Wait()
	var troubles []string
	if platformErr != nil {
		troubles = append(troubles, "the instances cannot be observed: "+platformErr.Error())
	}
	if trafficErr != nil {
		w.Traffic = release.Traffic{}
		troubles = append(troubles, "the front cannot be observed: "+trafficErr.Error())
	}
	if schemaErr != nil {
		w.Schema = release.SchemaWorld{}
		troubles = append(troubles, "the database cannot be observed: "+schemaErr.Error())
	}
	if restoreErr != nil {
		w.Restore = release.RestoreWorld{}
		troubles = append(troubles, "the databases cannot be observed: "+restoreErr.Error())
	}
	if cacheErr != nil {
		w.Cache.Known = false
		troubles = append(troubles, "the cache cannot be observed: "+cacheErr.Error())
	}
	if s.Phase == release.Backfilling {
		w.Schema.Progress = e.fills.of(s)
	}
	return w, troubles
}

func (e *Engine) lookAtInstances(ctx context.Context, app string, w *release.World) error {
	list, err := e.Platform.Observe(ctx, app)
	if err != nil {
		return err
	}
	for _, i := range list {
		if !i.Side.Valid() {
			return fmt.Errorf("instance %s belongs to no side (%q)", i.ID, i.Side)
		}
	}
	w.Sides.Blue.Known, w.Sides.Green.Known, w.Companions.Known = true, true, true
	for _, i := range list {
		if i.Component != "" {
			w.Companions.List = append(w.Companions.List, i)
			continue
		}
		side := w.Sides.Of(i.Side)
		side.List = append(side.List, i)
	}
	return nil
}
