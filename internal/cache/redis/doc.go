// Package redis looks at a cache in Redis, compares what two versions write to
// it, and removes generations that nobody needs any more. Whatever it does is
// done in small batches with pauses that grow with the server's latency, so
// that those who are served by it do not notice. See docs/cache.md.
package redis
