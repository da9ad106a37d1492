// Package shadow measures what mirroring costs users: latency of production
// without a shadow, and with one that is healthy, slow, hung or dead.
package shadow
