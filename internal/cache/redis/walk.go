package redis

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// walk goes through the keys that begin with a prefix, a batch at a time, from
// cursor to the end of the key space. visit gets each batch with the cursor
// that follows it; false ends the walk.
func walk(ctx context.Context, c *redis.Client, prefix string, cursor uint64, pace pacer, visit func(keys []string, next uint64) (bool, error)) error {
	for {
		began := time.Now()
		keys, next, err := c.Scan(ctx, cursor, literal(prefix)+"*", batch).Result()
		if err != nil {
			return err
		}
		more, err := visit(keys, next)
		if err != nil || !more || next == 0 {
			return err
		}
		cursor = next
		if err := pace.rest(ctx, time.Since(began), batch); err != nil {
			return err
		}
	}
}

// literal takes the meaning off the signs of a pattern.
func literal(prefix string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(prefix)
}
