package redis

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"

	"cutover/internal/release"
)

const (
	// sampled is how many keys an estimate looks at, weighed how many of each
	// generation are asked for their size.
	sampled = 2000
	weighed = 20
)

// sizes estimates what every generation holds from some keys of the whole
// database.
func (s *Store) sizes(ctx context.Context, cache release.Cache, total int64) ([]release.GenerationSize, error) {
	c, err := connect(cache.Redis)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	list, err := measure(ctx, c, prefixes(cache), total)
	return list, trouble(cache.Redis, err)
}

// Count estimates how many keys begin with a prefix.
func (s *Store) Count(ctx context.Context, o release.CacheOrder, prefix string) (release.GenerationSize, error) {
	c, err := connect(o.Cache.Redis)
	if err != nil {
		return release.GenerationSize{}, err
	}
	defer c.Close()
	total, err := c.DBSize(ctx).Result()
	if err != nil {
		return release.GenerationSize{}, trouble(o.Cache.Redis, err)
	}
	list, err := measure(ctx, c, []string{prefix}, total)
	if err != nil {
		return release.GenerationSize{}, trouble(o.Cache.Redis, err)
	}
	return list[0], nil
}

func prefixes(c release.Cache) []string {
	var list []string
	for _, n := range c.Namespaces {
		for _, g := range []release.Generation{n.From, n.To} {
			if g.Prefix != "" && (len(list) == 0 || list[len(list)-1] != g.Prefix) {
				list = append(list, g.Prefix)
			}
		}
	}
	return list
}

func measure(ctx context.Context, c *redis.Client, prefixes []string, total int64) ([]release.GenerationSize, error) {
	list := make([]release.GenerationSize, len(prefixes))
	examples := make([][]string, len(prefixes))
	seen, exact := int64(0), false
	err := walk(ctx, c, "", 0, pacer{}, func(keys []string, next uint64) (bool, error) {
		seen, exact = seen+int64(len(keys)), next == 0
		for _, key := range keys {
			for i, p := range prefixes {
				if strings.HasPrefix(key, p) {
					list[i].Keys++
					examples[i] = append(examples[i], key)
				}
			}
		}
		return seen < sampled, nil
	})
	if err != nil {
		return nil, err
	}
	for i := range list {
		bytes, err := average(ctx, c, examples[i][:min(weighed, len(examples[i]))])
		if err != nil {
			return nil, err
		}
		list[i].Prefix, list[i].Exact = prefixes[i], exact
		if !exact && seen > 0 {
			list[i].Keys = list[i].Keys * max(total, seen) / seen
		}
		list[i].Bytes = bytes * list[i].Keys
	}
	return list, nil
}

// average returns how many bytes a key of these takes, with its value.
func average(ctx context.Context, c *redis.Client, keys []string) (int64, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	var sum, n int64
	pipe := c.Pipeline()
	asked := make([]*redis.IntCmd, len(keys))
	for i, key := range keys {
		asked[i] = pipe.MemoryUsage(ctx, key, 5)
	}
	if _, err := pipe.Exec(ctx); err != nil && err != redis.Nil {
		return 0, err
	}
	for _, a := range asked {
		if a.Err() == nil { // the others have expired meanwhile
			sum, n = sum+a.Val(), n+1
		}
	}
	if n == 0 {
		return 0, nil
	}
	return sum / n, nil
}
