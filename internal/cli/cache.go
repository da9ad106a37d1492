package cli

import (
	"context"
	"time"

	"cutover/internal/cache/redis"
	"cutover/internal/release"
)

// cacheLimit bounds the look whether a cache can be used.
const cacheLimit = 15 * time.Second

// cacheAnswers says why the cache of a plan cannot be used, and what helps.
func cacheAnswers(ctx context.Context, p release.Plan) error {
	if !p.Cache.Used() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, cacheLimit)
	defer cancel()
	_, err := redis.Look(ctx, p.Cache.Redis)
	return err
}
