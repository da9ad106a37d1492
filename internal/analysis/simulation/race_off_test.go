//go:build !race

package simulation

// part is the part of the runs that are made: all.
const part = 1
