// Package soaktest runs the whole of cutover with real processes for as long
// as one likes, release after release, while faults strike by a seed, and
// counts what becomes of every request. There is nothing in it but its tests;
// `make soak` runs them for half an hour. See DESIGN.md beside this file.
package soaktest
