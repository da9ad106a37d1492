package engine

import (
	"context"

	"cutover/internal/release"
	"cutover/internal/signal"
)

// Every method of a port returns soon after its ctx has ended, and says so by
// an error unless it had done its work by then: nothing else begins until it
// has returned.

// Platform runs instances.
type Platform interface {
	// Observe lists the instances of app that exist now, on both sides,
	// including those that ended but have not been stopped. It changes
	// nothing. An error means "not known", never "none".
	Observe(ctx context.Context, app string) ([]release.Instance, error)
	// Start brings the side to Count running instances, starting those that
	// are missing or have ended, and leaves running ones alone. It returns
	// when they have been launched, not when they are ready. Repeating an
	// order changes nothing once it is fulfilled. It never stops anything.
	Start(ctx context.Context, order release.StartOrder) error
	// Stop ends the named instances in the manner of their artefact and
	// returns when they are gone. Instances that do not exist are no error.
	Stop(ctx context.Context, order release.StopOrder) error
}

// Traffic steers and measures what reaches the instances.
type Traffic interface {
	// Observe reads what the front really does for app. It changes nothing.
	Observe(ctx context.Context, app string) (release.Traffic, error)
	// Route makes the front serve the route and returns only when no new
	// request can take the old one. Repeating it changes nothing.
	Route(ctx context.Context, order release.RouteOrder) error
	// CloseStreams begins to close the streams left on a side, one by one
	// over the front's StreamSpread, and returns at once. Repeatable.
	CloseStreams(ctx context.Context, order release.StreamOrder) error
}

// Schema changes the shape of a database while it is used. Every order may be
// repeated, and takes up what an earlier one, killed at any moment, has left.
type Schema interface {
	// Observe looks how far the database is with the change of a release. It
	// changes nothing. An error means "not known".
	Observe(ctx context.Context, order release.SchemaOrder) (release.SchemaWorld, error)
	// Expand makes the schema fit both versions.
	Expand(ctx context.Context, order release.SchemaOrder) error
	// Backfill gives every old row its new shape and verifies all of them. It
	// begins at order.From, stands still while order.Paused says so, and tells
	// order.Progressed how far it is.
	Backfill(ctx context.Context, order release.FillOrder) error
	// Contract removes the old shape, for good. It refuses unless every row
	// was verified.
	Contract(ctx context.Context, order release.SchemaOrder) error
	// Revert puts the schema back as it was before Expand, keeping what was
	// written through either shape.
	Revert(ctx context.Context, order release.SchemaOrder) error
}

// Backups saves databases and brings them back. Every order may be repeated.
type Backups interface {
	// Take saves what the order names and returns what is known of it. One
	// that was completed under the same key is returned, not taken again.
	Take(ctx context.Context, order release.BackupOrder) (release.Saved, error)
	// Observe looks how far a backup is on its way into the database's place.
	// It changes nothing. An error means "not known".
	Observe(ctx context.Context, order release.RestoreOrder) (release.RestoreWorld, error)
	// Prepare restores the backup beside the database.
	Prepare(ctx context.Context, order release.RestoreOrder) error
	// Exchange puts what was prepared in the place of the database, which is
	// kept aside. Connections that are left to either are ended.
	Exchange(ctx context.Context, order release.RestoreOrder) error
	// ExchangeBack puts the database that was kept aside back in its place.
	ExchangeBack(ctx context.Context, order release.RestoreOrder) error
}

// Rehearsals tries schema changes on clones.
type Rehearsals interface {
	// Rehearse runs the change on a clone of the database, which is only
	// read, and returns what was found; the clone is gone then. A change that
	// does not run is a result, not an error; an error means that nothing can
	// be said. Repeatable.
	Rehearse(ctx context.Context, order release.RehearsalOrder) (release.Rehearsed, error)
}

// Checks puts questions to instances.
type Checks interface {
	// Run puts every check to every instance, retries as each check says,
	// and returns one result a check. A check that fails is a result, not an
	// error; an error means that the checks could not be run. Repeatable.
	Run(ctx context.Context, order release.CheckOrder) ([]release.CheckResult, error)
}

// Synthetic sends requests that are no user's to both sides of a release.
type Synthetic interface {
	// Observe takes in how things stand, and returns the pairs that have ended
	// since the last call, in that order and each once. It returns at once. Where
	// the order says that nothing is sent, what is under way is called off. An
	// error means that nothing can be sent at all.
	Observe(order release.SyntheticOrder) ([]release.SyntheticPair, error)
	// Forget ends the sending for an app, if there is any, and returns when
	// nothing of it is under way any more.
	Forget(app string)
}

// Signals watches what a release is judged by beside its requests.
type Signals interface {
	// Observe says what the signals mean by what has been read so far, and
	// takes in how things stand for the readings to come. The first call for a
	// release begins its watch. It returns at once and never waits for a
	// source. An error means that the set cannot be watched at all.
	Observe(order signal.Order) (signal.Report, error)
	// Forget ends the watch of an app, if there is one, and returns when
	// nothing of it runs any more.
	Forget(app string)
}
