//go:build race

package sqlite_test

// slow is how much less the longest tests do: under the race detector SQLite,
// which is Go here, takes twenty times as long.
const slow = 5

// programs is how many of each kind write at once.
const programs = 2
