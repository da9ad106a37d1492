package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"cutover/internal/release"
)

// fresh is how long a look is good enough: the engine looks around several
// times a second, which no server should notice. Sizes come from samples and
// are renewed seldom.
const (
	fresh      = time.Second
	freshSizes = 30 * time.Second
)

// Store is the cache of apps, each wherever its plan says. The zero value is
// ready. Its methods may be called from any goroutine.
type Store struct {
	mu   sync.Mutex
	last map[string]*look
}

// look is the latest of one app.
type look struct {
	mu        sync.Mutex
	release   string
	at, sized time.Time
	world     release.CacheWorld
	err       error
}

// Observe says whether the cache can be used, and about how much each
// generation holds. It changes nothing. An error means "not known", and says
// what helps.
func (s *Store) Observe(ctx context.Context, o release.CacheOrder) (release.CacheWorld, error) {
	k := s.of(o.App)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.release == o.Release && time.Since(k.at) < fresh {
		return k.world, k.err
	}
	if k.release != o.Release {
		k.world, k.sized = release.CacheWorld{}, time.Time{}
	}
	sizes := k.world.Generations
	k.world, k.err = Look(ctx, o.Cache.Redis)
	k.world.Generations = sizes
	if k.err == nil && time.Since(k.sized) > freshSizes {
		if k.world.Generations, k.err = s.sizes(ctx, o.Cache, k.world.Keys); k.err == nil {
			k.sized = time.Now()
		}
	}
	k.world.Known = k.err == nil
	k.release, k.at = o.Release, time.Now()
	return k.world, k.err
}

func (s *Store) of(app string) *look {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		s.last = map[string]*look{}
	}
	if s.last[app] == nil {
		s.last[app] = &look{}
	}
	return s.last[app]
}

// Look asks a server whether it takes writes, and what it counts. The error
// says what helps.
func Look(ctx context.Context, r release.Redis) (release.CacheWorld, error) {
	c, err := connect(r)
	if err != nil {
		return release.CacheWorld{}, err
	}
	defer c.Close()
	w, err := ask(ctx, c)
	return w, trouble(r, err)
}

func ask(ctx context.Context, c *redis.Client) (release.CacheWorld, error) {
	var w release.CacheWorld
	role, err := c.Do(ctx, "ROLE").Slice()
	if err != nil {
		return w, err
	}
	if len(role) > 0 && role[0] != "master" {
		return w, fmt.Errorf("it is a %v and not the master: write the master's address, or spec.cache.redis.sentinel", role[0])
	}
	if w.Keys, err = c.DBSize(ctx).Result(); err != nil {
		return w, err
	}
	info, err := c.Info(ctx, "stats").Result()
	if err != nil {
		return w, err
	}
	w.Hits, w.Misses = number(info, "keyspace_hits"), number(info, "keyspace_misses")
	w.Known = true
	return w, nil
}

// field returns a line of INFO, "" if there is none.
func field(info, name string) string {
	for line := range strings.SplitSeq(info, "\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func number(info, name string) int64 {
	n, err := strconv.ParseInt(field(info, name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

var errNoPrefix = errors.New("no prefix is given, which would mean every key")
