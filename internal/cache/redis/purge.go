package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"cutover/internal/release"
)

// passes bounds how often the key space is gone through anew because the
// server has changed meanwhile.
const passes = 5

var errChanging = errors.New("the server changes faster than its keys can be gone through; it is tried again")

// Purge removes every key that begins with the prefix and returns when none is
// left that was there when it began. It takes up what an earlier try has left.
// Repeatable. Nobody may write to the generation any more.
func (s *Store) Purge(ctx context.Context, o release.PurgeOrder) (release.CacheResult, error) {
	if o.Prefix == "" {
		return release.CacheResult{}, errNoPrefix
	}
	c, err := connect(o.Cache.Redis)
	if err != nil {
		return release.CacheResult{}, err
	}
	defer c.Close()
	p := &purge{client: c, order: o, at: release.CacheProgress{Prefix: o.Prefix}}
	if o.From.Prefix == o.Prefix {
		p.at = o.From
	}
	if err := p.run(ctx); err != nil {
		return release.CacheResult{}, trouble(o.Cache.Redis, err)
	}
	return release.CacheResult{Keys: p.at.Scanned, Removed: p.at.Removed, Note: fmt.Sprintf("%s*: %d keys removed", o.Prefix, p.at.Removed)}, nil
}

type purge struct {
	client *redis.Client
	order  release.PurgeOrder
	at     release.CacheProgress
}

// run goes through the key space until one pass began at its beginning and
// ended on the same server: only that is known to have met every key. A cursor
// means nothing to another server, such as a replica that was promoted.
func (p *purge) run(ctx context.Context) error {
	for range passes {
		before, err := p.server(ctx)
		if err != nil {
			return err
		}
		whole := p.at.Cursor == 0
		if p.at.Total, err = p.client.DBSize(ctx).Result(); err != nil {
			return err
		}
		if err := walk(ctx, p.client, p.order.Prefix, p.at.Cursor, pacer{p.order.Cache.PurgeRate}, func(keys []string, next uint64) (bool, error) {
			return true, p.remove(ctx, keys, next)
		}); err != nil {
			return err
		}
		after, err := p.server(ctx)
		if err != nil {
			return err
		}
		if whole && before == after {
			return nil
		}
		p.at.Cursor, p.at.Scanned = 0, 0
	}
	return errChanging
}

func (p *purge) remove(ctx context.Context, keys []string, next uint64) error {
	if len(keys) > 0 {
		n, err := p.client.Unlink(ctx, keys...).Result()
		if err != nil {
			return err
		}
		p.at.Removed += n
	}
	p.at.Cursor, p.at.Scanned = next, p.at.Scanned+batch
	if p.order.Progressed == nil {
		return nil
	}
	return p.order.Progressed(p.at)
}

// server identifies the process that answers.
func (p *purge) server(ctx context.Context) (string, error) {
	info, err := p.client.Info(ctx, "server").Result()
	return field(info, "run_id"), err
}
