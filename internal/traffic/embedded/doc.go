// Package embedded steers cutover's own proxy: Router gives it routes and
// reads what it does, Process makes sure that it runs.
package embedded
