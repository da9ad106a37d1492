package engine

import (
	"context"

	"cutover/internal/release"
	"cutover/internal/store"
)

// Recall returns what a journal says stands of an app, without a controller.
func Recall(ctx context.Context, j store.Journal, app string) (release.Standing, error) {
	b, err := openBook(ctx, j)
	if err != nil {
		return release.Standing{}, err
	}
	s := b.standings[app]
	s.App = app
	return s, nil
}
