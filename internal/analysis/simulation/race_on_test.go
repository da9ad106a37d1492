//go:build race

package simulation

// part is the part of the runs that are made: the race detector makes each
// many times slower, and the figures are not what it is there for.
const part = 50
